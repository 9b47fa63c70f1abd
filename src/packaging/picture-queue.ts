/**
 * Pictures waiting to be cut: those since the last cut, and groups that wait for their sound. Cut at the
 * source's own keyframes, no shorter than 1.8 s, and where the decoder's configuration changes.
 *
 * A keyframe's group begins with the earliest picture that follows it (open GOPs show pictures before their
 * keyframe), so a cut is made when a picture later than the keyframe is seen.
 */
import type { VideoPacket } from './log-packets.ts'
import { earliestMs, latestMs, type PictureGroup, videoEndMs } from './picture-group.ts'

const MIN_SEGMENT_MS = 1800
/** Pictures without a keyframe are held in memory this long and no longer. */
const MAX_GROUP_MS = 300_000
const MAX_GROUP_BYTES = 128 * 1024 * 1024

export class PictureQueue {
  #open: VideoPacket[] = []
  #openBytes = 0
  /** Index in #open of the keyframe that a new group begins with. */
  #cutAt: number | undefined
  /** Cut, in order. */
  readonly #groups: PictureGroup[] = []
  #latestMs = Number.NEGATIVE_INFINITY

  /** There are pictures since the last cut. */
  get isOpen(): boolean {
    return this.#open.length > 0
  }

  /** A cut is to come, when a picture after the keyframe is seen. */
  get isCutting(): boolean {
    return this.#cutAt !== undefined
  }

  get hasGroups(): boolean {
    return this.#groups.length > 0
  }

  get firstGroup(): PictureGroup | undefined {
    return this.#groups[0]
  }

  get last(): VideoPacket | undefined {
    return this.#open.at(-1)
  }

  /** When the latest picture is shown, milliseconds; -Infinity before there is one. */
  get latestMs(): number {
    return this.#latestMs
  }

  shiftGroup(): void {
    this.#groups.shift()
  }

  /** The first of all is a keyframe. What cannot be decoded is dropped. */
  push(packet: VideoPacket): void {
    const first = this.#open[0]
    if (first && this.#cutAt === undefined) {
      const isOther = packet.track !== first.track
      if (isOther && !packet.key) return
      if (isOther || (packet.key && packet.ptsMs - earliestMs(this.#open) >= MIN_SEGMENT_MS))
        this.#cutAt = this.#open.length
      else if (this.#isEndless(first, packet)) {
        this.#end(packet)
        return
      }
    }
    this.#open.push(packet)
    this.#openBytes += packet.data.byteLength
    this.#latestMs = Math.max(this.#latestMs, packet.ptsMs)
    const key = this.#cutAt === undefined ? undefined : this.#open[this.#cutAt]
    if (key && packet !== key && packet.ptsMs > key.ptsMs) this.#cut()
  }

  /** Pictures have stopped, and sound goes on. */
  stop(): void {
    if (this.#cutAt !== undefined) this.#cut()
    this.#end(undefined)
  }

  /** The source's session is over. `soundEnd`: seconds. */
  finish(soundEnd: number): void {
    if (this.#cutAt !== undefined) this.#cut()
    if (this.#open.length > 0) {
      const packets = this.#take()
      const endMs = Math.ceil(Math.max(videoEndMs(packets), soundEnd * 1000))
      this.#groups.push({ packets, startMs: earliestMs(packets), endMs, next: undefined, final: true })
    }
    this.#latestMs = Number.NEGATIVE_INFINITY
  }

  /** A group of pictures that is held in memory until its end must have one. */
  #isEndless(first: VideoPacket, packet: VideoPacket): boolean {
    return this.#openBytes > MAX_GROUP_BYTES || packet.ptsMs - first.ptsMs > MAX_GROUP_MS
  }

  /** The pictures so far are a group; those that follow are none of it until there is a keyframe. */
  #end(next: VideoPacket | undefined): void {
    const packets = this.#take()
    this.#groups.push({
      packets,
      startMs: earliestMs(packets),
      endMs: videoEndMs(packets),
      next,
      final: false,
    })
  }

  #cut(): void {
    const packets = this.#open.slice(0, this.#cutAt)
    this.#open = this.#open.slice(this.#cutAt)
    this.#openBytes = this.#open.reduce((sum, { data }) => sum + data.byteLength, 0)
    this.#cutAt = undefined
    // Where the configuration changes, an encoder that delays less shows its first pictures too early.
    const endMs = Math.max(earliestMs(this.#open), latestMs(packets) + 1)
    const next = this.#open[0]
    this.#groups.push({ packets, startMs: earliestMs(packets), endMs, next, final: false })
  }

  #take(): VideoPacket[] {
    const packets = this.#open
    this.#open = []
    this.#openBytes = 0
    return packets
  }
}
