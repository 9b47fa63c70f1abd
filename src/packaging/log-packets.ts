/**
 * Tags of the log to packets on the timeline: repairs the clock, and finds where a session begins: its first
 * keyframe goes where the recording stands, and audio keeps its offset to that. To know the offset, the first
 * packets of a session are held until both tracks are seen. Depends on nothing but the tags, so going over
 * them again gives the same.
 */
import type { LogTag } from '../recording/log-reader.ts'
import {
  CLOCK_AT_ZERO,
  type ClockState,
  difference,
  mapTimestamp,
  startSession,
} from '../recording/timestamp-repair.ts'
import { carriedSamples } from './carried-audio.ts'
import { type Configured, ConfiguredTags, type RawPacket } from './configured-tags.ts'
import type { FlvAudioTrack, FlvVideoTrack, LeftOut } from './flv-tracks.ts'
import type { LogPosition } from './timeline.ts'

interface PacketBase {
  readonly data: Uint8Array
  /** Presentation time on the timeline, milliseconds. */
  readonly ptsMs: number
  readonly position: LogPosition
  /** The clock before this packet: what going on from here has to begin with. */
  readonly clock: ClockState
}
export interface VideoPacket extends PacketBase {
  readonly kind: 'video'
  readonly key: boolean
  /** Presentation minus decode time, milliseconds. */
  readonly compositionMs: number
  readonly track: Configured<FlvVideoTrack>
}
export interface AudioPacket extends PacketBase {
  readonly kind: 'audio'
  readonly track: Configured<FlvAudioTrack>
  /** Of a carried codec, when the packet tells. */
  readonly samples?: number
}
export type LogPacket = VideoPacket | AudioPacket

/** Audio may begin this much before the first keyframe; what is earlier has no picture to belong to. */
const MAX_AUDIO_LEAD_MS = 500
/** How long a session's beginning is held to see the other track. */
const WAIT_FOR_AUDIO_MS = 1000
const WAIT_FOR_VIDEO_MS = 2000
const WAIT_FOR_KEYFRAME_MS = 10_000

export class LogPackets {
  #clock: ClockState
  readonly #tags: ConfiguredTags
  /** Packets held at the beginning of a session; undefined once it has begun. */
  #opening: RawPacket[] | undefined
  #originMs: number | undefined

  /** `clock`: where to go on; without it the recording begins here. */
  constructor(options: {
    readonly clock?: ClockState | undefined
    readonly onLeftOut: (leftOut: LeftOut) => void
  }) {
    this.#clock = options.clock ?? CLOCK_AT_ZERO
    this.#opening = options.clock ? undefined : []
    this.#tags = new ConfiguredTags(options.onLeftOut)
  }

  /** Raw timestamp (milliseconds) of the first session that lies at 0; undefined when its beginning was not seen. */
  get originMs(): number | undefined {
    return this.#originMs
  }

  get clock(): ClockState {
    return this.#clock
  }

  /** The audio configuration in force, when it can be passed through. */
  get audio(): Configured<FlvAudioTrack> | undefined {
    return this.#tags.audio
  }

  /** A new session: it goes on at `endMs`. Call `flush` before. */
  startSession(endMs: number): void {
    this.#clock = { end: endMs }
    this.#tags.startSession()
    this.#opening = []
  }

  /** Takes a decoder configuration or metadata tag without its time; used to go on from the middle. */
  configure(tag: LogTag, part: number): void {
    this.#tags.read(tag, part)
  }

  /** The packets that this tag makes known; none while a session's beginning is held. */
  push(tag: LogTag, part: number): LogPacket[] {
    const raw = this.#tags.read(tag, part)
    if (!raw) return []
    if (!this.#opening) return this.#map([raw])
    this.#opening.push(raw)
    return this.#isOpen() ? this.flush() : []
  }

  /** Ends the wait at a session's beginning. */
  flush(): LogPacket[] {
    const held = this.#opening
    this.#opening = undefined
    if (!held || held.length === 0) return []
    const key = held.find((packet) => packet.kind === 'video' && packet.key)
    const audio = held.find((packet) => packet.kind === 'audio')
    const origin = key ? key.raw + key.compositionMs : (audio?.raw ?? 0)
    const lead = key && audio ? difference(origin, audio.raw) : 0
    const begin = this.#clock.end
    // Only at the very beginning is there nothing before the first picture: room is made there for
    // audio that comes earlier, and for decoding.
    const wanted = Math.max(0, lead, key?.compositionMs ?? 0)
    const room = begin === 0 ? Math.min(wanted, MAX_AUDIO_LEAD_MS) : 0
    this.#clock = startSession({ ...this.#clock, end: begin + room }, origin)
    this.#originMs ??= origin - begin - room
    const earliestAudio = begin + room - MAX_AUDIO_LEAD_MS
    return this.#map(held).filter((packet) =>
      packet.kind === 'video' ? packet.ptsMs >= begin + room : packet.ptsMs >= Math.max(0, earliestAudio),
    )
  }

  #isOpen(): boolean {
    const held = this.#opening ?? []
    const key = held.find((packet) => packet.kind === 'video' && packet.key)
    const audio = held.find((packet) => packet.kind === 'audio')
    const last = held.at(-1)
    if (key && audio) return true
    const span = last ? difference(last.raw, (key ?? audio ?? last).raw) : 0
    if (key) return span >= WAIT_FOR_AUDIO_MS
    return span >= (this.#tags.announcesPictures ? WAIT_FOR_KEYFRAME_MS : WAIT_FOR_VIDEO_MS)
  }

  #map(packets: readonly RawPacket[]): LogPacket[] {
    const mapped: LogPacket[] = []
    for (const packet of packets) {
      const before = this.#clock
      const [clock, at] = mapTimestamp(before, packet.kind, packet.raw)
      this.#clock = clock
      const common = {
        data: packet.data,
        position: packet.position,
        clock: before,
        ptsMs: at + packet.compositionMs,
      }
      const { video, audio } = this.#tags
      if (packet.kind === 'audio') {
        if (audio) mapped.push(audioPacket(common, audio))
      } else if (video) {
        const { key, compositionMs } = packet
        mapped.push({ ...common, kind: 'video', key, compositionMs, track: video })
      }
    }
    return mapped
  }
}

function audioPacket(common: PacketBase, track: Configured<FlvAudioTrack>): AudioPacket {
  const { carried } = track.track
  const samples = carried && carriedSamples(carried, common.data)
  return { ...common, kind: 'audio', track, ...(samples === undefined ? {} : { samples }) }
}
