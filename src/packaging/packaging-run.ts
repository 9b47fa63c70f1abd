/** One run of packaging: from the tags of a log to the segments of its timeline, from the beginning or from where it stands. */
import { AUDIO_TAG, VIDEO_TAG } from '../formats/flv/tag-header.ts'
import type { LogPart, LogParts } from '../recording/broadcast-log.ts'
import type { GrowingLog } from '../recording/log-growth.ts'
import { type LogTag, readLog } from '../recording/log-reader.ts'
import { isContinuedMark } from '../recording/part-head.ts'
import type { LeftOut } from './flv-tracks.ts'
import { LogPackets } from './log-packets.ts'
import { type CutSegment, SegmentCutter } from './segment-cutter.ts'
import { isBefore, type LogPosition, type TimelineSegment } from './timeline.ts'
import type { TimelineWriter } from './timeline-writer.ts'

const FIRST_TAG_OFFSET = 13

export class PackagingRun {
  readonly #writer: TimelineWriter
  readonly #last: TimelineSegment | undefined
  readonly #leftOut: LeftOut[]
  #packets: LogPackets
  #cutter: SegmentCutter
  /** Tags before these are in the timeline already. */
  #videoFrom: LogPosition = { part: 0, offset: 0 }
  #audioFrom: LogPosition = { part: 0, offset: 0 }
  #interrupted = false
  /** Where reading stands: after the last tag taken. */
  #at: LogPosition = { part: 0, offset: 0 }

  constructor(writer: TimelineWriter, last: TimelineSegment | undefined, leftOut: LeftOut[]) {
    this.#writer = writer
    this.#last = last
    this.#leftOut = leftOut
    const resume = last?.log?.resume
    this.#packets = new LogPackets({ clock: resume?.clock, onLeftOut: (track) => leftOut.push(track) })
    this.#cutter = new SegmentCutter()
    if (last?.log) {
      this.#videoFrom = last.log
      this.#audioFrom = resume?.audio ?? last.log
      this.#at = isBefore(this.#audioFrom, this.#videoFrom) ? this.#audioFrom : this.#videoFrom
      // The session ended there: what follows is another one.
      if (!resume) this.#startSession(Math.round((last.start + last.duration) * 1000))
    }
  }

  /** A segment's end has been seen, and what belongs to it is still to come. */
  get isCutting(): boolean {
    return this.#cutter.isCutting
  }

  get originMs(): number | undefined {
    return this.#packets.originMs
  }

  get firstPart(): number {
    return this.#at.part
  }

  /** Where to begin reading a part. */
  from(part: number): number {
    return part === this.#at.part ? this.#at.offset : 0
  }

  /** Reads the decoder configurations that were in force where the timeline ends. */
  async resume(log: LogParts): Promise<void> {
    const resume = this.#last?.log?.resume
    if (!this.#last || !resume) return
    for (const position of [resume.videoConfig, resume.audioConfig]) {
      if (!position) continue
      for (const tag of await headOf(log, position)) this.#packets.configure(tag, position.part)
    }
    this.#cutter = new SegmentCutter({
      startSeconds: this.#last.start + this.#last.duration,
      audio: { next: resume.audioTicks, filledTo: resume.audioEnd, track: this.#packets.audio },
    })
  }

  async take(tags: readonly LogTag[], part: number): Promise<void> {
    for (const tag of tags) {
      if (tag.offset <= FIRST_TAG_OFFSET && !isContinuedMark(tag.body)) await this.#beginPart(part)
      this.#at = { part, offset: tag.end }
      // The picture is what the timeline is made of: without it nothing is packaged.
      if (this.#leftOut.some((track) => track.track === 'video')) continue
      await this.#give(this.#packets.push(tag, part))
    }
  }

  async endSession(): Promise<void> {
    await this.#give(this.#packets.flush())
    const { segments, endMs } = this.#cutter.flush()
    for (const segment of segments) await this.#write(segment)
    this.#startSession(endMs ?? this.#packets.clock.end)
  }

  async #beginPart(part: number): Promise<void> {
    if (part === 0) return
    await this.endSession()
  }

  #startSession(endMs: number): void {
    this.#packets.startSession(endMs)
    this.#interrupted = endMs > 0
  }

  async #give(packets: ReturnType<LogPackets['push']>): Promise<void> {
    this.#cutter.expectAudio(this.#packets.audio)
    for (const packet of packets) {
      const from = packet.kind === 'video' ? this.#videoFrom : this.#audioFrom
      if (isBefore(packet.position, from)) continue
      for (const segment of this.#cutter.push(packet)) await this.#write(segment)
    }
  }

  async #write(segment: CutSegment): Promise<void> {
    const next = segment.next
    await this.#writer.add({
      start: segment.start,
      end: segment.end,
      video: segment.video?.track,
      audio: segment.audio?.track,
      videoPackets: segment.videoPackets,
      audioPackets: segment.audioPackets,
      interrupted: this.#interrupted,
      frameRate: segment.video?.track.frameRate,
      delaySeconds: segment.delaySeconds,
      log: next ? { ...next.video, resume: next.resume } : this.#at,
    })
    this.#interrupted = false
  }
}

/** The tag at a position, and the metadata at the beginning of its part. */
async function headOf(log: LogParts, position: LogPosition): Promise<LogTag[]> {
  const part = await log.nextPart(position.part)
  if (!part) return []
  const found: LogTag[] = []
  for (const from of [0, position.offset]) {
    for await (const tags of readLog(part.file, { ...howToRead(part), from })) {
      const own =
        from === 0 ? tags.filter((tag) => tag.type !== VIDEO_TAG && tag.type !== AUDIO_TAG) : tags.slice(0, 1)
      found.push(...own)
      break
    }
  }
  return found
}

/** As `readLog` is told. */
export function howToRead(part: LogPart): { readonly growth?: GrowingLog; readonly foreign?: boolean } {
  return { ...(part.growth ? { growth: part.growth } : {}), ...(part.foreign ? { foreign: true } : {}) }
}
