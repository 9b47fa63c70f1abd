/**
 * Tags of the log to packets on the timeline: follows decoder configurations, repairs the clock, and
 * finds where a session begins: its first keyframe goes where the recording stands, and audio keeps
 * its offset to that. To know the offset, the first packets of a session are held until both tracks
 * are seen. Depends on nothing but the tags, so going over them again gives the same.
 */

import { readAudioTag } from '../formats/flv/audio-tag.ts'
import { metadataNumber, readMetadata } from '../formats/flv/script-data.ts'
import { AUDIO_TAG, SCRIPT_TAG, VIDEO_TAG } from '../formats/flv/tag-header.ts'
import { readVideoTag } from '../formats/flv/video-tag.ts'
import type { LogTag } from '../recording/log-reader.ts'
import {
  CLOCK_AT_ZERO,
  type ClockState,
  difference,
  mapTimestamp,
  startSession,
} from '../recording/timestamp-repair.ts'
import { carriedSamples } from './carried-audio.ts'
import { isCarriedVideo } from './carried-video.ts'
import {
  audioTrack,
  carriedPictures,
  type FlvAudioTrack,
  type FlvVideoTrack,
  type LeftOut,
  NO_HINTS,
  type StreamHints,
  videoTrack,
} from './flv-tracks.ts'
import { aacConfigFrom, configIn, hasConfiguration } from './missing-config.ts'
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

/** One object for as long as the configuration stays the same. */
export interface Configured<T> {
  readonly track: T
  readonly position: LogPosition
}

interface Configuration<T> {
  readonly bytes: Uint8Array
  readonly codec: string
  readonly result: Configured<T> | LeftOut
}

interface RawPacket {
  readonly kind: 'video' | 'audio'
  readonly raw: number
  readonly compositionMs: number
  readonly key: boolean
  readonly data: Uint8Array
  readonly position: LogPosition
}

/** Audio may begin this much before the first keyframe; what is earlier has no picture to belong to. */
const MAX_AUDIO_LEAD_MS = 500
/** How long a session's beginning is held to see the other track. */
const WAIT_FOR_AUDIO_MS = 1000
const WAIT_FOR_VIDEO_MS = 2000
const WAIT_FOR_KEYFRAME_MS = 10_000

export class LogPackets {
  #clock: ClockState
  #video: Configuration<FlvVideoTrack> | undefined
  #audio: Configuration<FlvAudioTrack> | undefined
  #hints: StreamHints = NO_HINTS
  /** Packets held at the beginning of a session; undefined once it has begun. */
  #opening: RawPacket[] | undefined
  readonly #onLeftOut: (leftOut: LeftOut) => void
  #originMs: number | undefined

  /** `clock`: where to go on; without it the recording begins here. */
  constructor(options: {
    readonly clock?: ClockState | undefined
    readonly onLeftOut: (leftOut: LeftOut) => void
  }) {
    this.#clock = options.clock ?? CLOCK_AT_ZERO
    this.#opening = options.clock ? undefined : []
    this.#onLeftOut = options.onLeftOut
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
    const result = this.#audio?.result
    return result && 'position' in result ? result : undefined
  }

  /** A new session: it goes on at `endMs`. Call `flush` before. */
  startSession(endMs: number): void {
    this.#clock = { end: endMs }
    this.#video = undefined
    this.#audio = undefined
    this.#opening = []
  }

  /** Takes a decoder configuration or metadata tag without its time; used to go on from the middle. */
  configure(tag: LogTag, part: number): void {
    if (tag.type === SCRIPT_TAG) this.#readHints(tag.body)
    else this.#readMedia(tag, part)
  }

  /** The packets that this tag makes known; none while a session's beginning is held. */
  push(tag: LogTag, part: number): LogPacket[] {
    if (tag.type === SCRIPT_TAG) {
      this.#readHints(tag.body)
      return []
    }
    const raw = this.#readMedia(tag, part)
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
    return span >= (this.#video ? WAIT_FOR_KEYFRAME_MS : WAIT_FOR_VIDEO_MS)
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
      const config = packet.kind === 'video' ? this.#video : this.#audio
      if (!config || !('track' in config.result) || !('position' in config.result)) continue
      mapped.push(
        packet.kind === 'video'
          ? {
              ...common,
              kind: 'video',
              key: packet.key,
              compositionMs: packet.compositionMs,
              track: config.result as Configured<FlvVideoTrack>,
            }
          : audioPacket(common, config.result as Configured<FlvAudioTrack>),
      )
    }
    return mapped
  }

  #readHints(body: Uint8Array): void {
    const metadata = readMetadata(body)
    if (!metadata) return
    const rate = metadataNumber(metadata, 'framerate')
    this.#hints = {
      width: metadataNumber(metadata, 'width'),
      height: metadataNumber(metadata, 'height'),
      frameRate: rate && rate >= 1 && rate <= 300 ? rate : undefined,
      aacConfig: aacConfigFrom(metadata),
    }
  }

  #readMedia(tag: LogTag, part: number): RawPacket | undefined {
    const position = { part, offset: tag.offset }
    if (tag.type === VIDEO_TAG) {
      const video = readVideoTag(tag.body)
      if (!video || video.packet === 'sequence-end' || video.packet === 'other') return undefined
      const data = tag.body.subarray(video.dataOffset, video.dataEnd)
      if (video.packet === 'frame' && isCarriedVideo(video.codec)) {
        if (this.#video?.codec !== video.codec) {
          // What it is stands in a keyframe, and nothing before it can be decoded.
          if (!video.keyframe) return undefined
          const codecId = (tag.body[0] ?? 0) & 0x0f
          this.#video = this.#configured(this.#video, video.codec, data, position, () =>
            carriedPictures(video.codec, codecId, data, this.#hints),
          )
        }
      } else if (video.packet === 'sequence-start' || !this.#video) {
        // A codec without configuration cannot be passed, and its first frame says so.
        const isFrame = video.packet === 'frame' && hasConfiguration(video.codec)
        const config = isFrame ? configIn(video.codec, data) : data
        if (!config) return undefined
        this.#video = this.#configured(this.#video, video.codec, config, position, () =>
          videoTrack(video.codec, config, this.#hints),
        )
      }
      if (video.packet === 'sequence-start' || data.byteLength === 0) return undefined
      return {
        kind: 'video',
        raw: tag.timestampMs,
        compositionMs: video.compositionMs,
        key: video.keyframe,
        data,
        position,
      }
    }
    if (tag.type !== AUDIO_TAG) return undefined
    const audio = readAudioTag(tag.body)
    if (!audio || audio.packet === 'sequence-end' || audio.packet === 'other') return undefined
    const data = tag.body.subarray(audio.dataOffset, audio.dataEnd)
    const isConfig = audio.packet === 'sequence-start'
    if (isConfig || this.#audio?.codec !== audio.codec) {
      const config = !isConfig && audio.codec === 'aac' ? this.#hints.aacConfig : data
      if (!config) return undefined
      this.#audio = this.#configured(this.#audio, audio.codec, config, position, () =>
        audioTrack(audio, tag.body, config),
      )
    }
    if (audio.packet === 'sequence-start' || data.byteLength === 0) return undefined
    return { kind: 'audio', raw: tag.timestampMs, compositionMs: 0, key: true, data, position }
  }

  /** Encoders repeat their configuration: only another one is news. */
  #configured<T>(
    before: Configuration<T> | undefined,
    codec: string,
    bytes: Uint8Array,
    position: LogPosition,
    make: () => T | LeftOut,
  ): Configuration<T> {
    if (before?.codec === codec && Buffer.from(before.bytes).equals(bytes)) return before
    const made = make()
    if (isLeftOut(made)) {
      if (before?.codec !== codec) this.#onLeftOut(made)
      return { bytes: new Uint8Array(bytes), codec, result: made }
    }
    return { bytes: new Uint8Array(bytes), codec, result: { track: made, position } }
  }
}

function audioPacket(common: PacketBase, track: Configured<FlvAudioTrack>): AudioPacket {
  const { carried } = track.track
  const samples = carried && carriedSamples(carried, common.data)
  return { ...common, kind: 'audio', track, ...(samples === undefined ? {} : { samples }) }
}

function isLeftOut(made: unknown): made is LeftOut {
  return typeof made === 'object' && made !== null && 'reason' in made
}
