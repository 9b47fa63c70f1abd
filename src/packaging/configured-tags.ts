/**
 * Tags of the log to coded pictures and sounds, each with the decoder configuration in force: what the tags
 * say of it, or for want of that what the metadata or the picture itself does.
 */
import { readAudioTag } from '../formats/flv/audio-tag.ts'
import { metadataNumber, readMetadata } from '../formats/flv/script-data.ts'
import { AUDIO_TAG, SCRIPT_TAG, VIDEO_TAG } from '../formats/flv/tag-header.ts'
import { readVideoTag } from '../formats/flv/video-tag.ts'
import type { LogTag } from '../recording/log-reader.ts'
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

/** A picture or a sound with the time it has in the log. */
export interface RawPacket {
  readonly kind: 'video' | 'audio'
  readonly raw: number
  readonly compositionMs: number
  readonly key: boolean
  readonly data: Uint8Array
  readonly position: LogPosition
}

export class ConfiguredTags {
  #video: Configuration<FlvVideoTrack> | undefined
  #audio: Configuration<FlvAudioTrack> | undefined
  #hints: StreamHints = NO_HINTS
  readonly #onLeftOut: (leftOut: LeftOut) => void

  constructor(onLeftOut: (leftOut: LeftOut) => void) {
    this.#onLeftOut = onLeftOut
  }

  /** Some configuration of pictures was seen, whether they can be passed through or not. */
  get announcesPictures(): boolean {
    return this.#video !== undefined
  }

  /** The configuration in force; undefined when there is none, or what it describes is left out. */
  get video(): Configured<FlvVideoTrack> | undefined {
    return passable(this.#video)
  }

  get audio(): Configured<FlvAudioTrack> | undefined {
    return passable(this.#audio)
  }

  /** A new session announces its own. */
  startSession(): void {
    this.#video = undefined
    this.#audio = undefined
  }

  /** Undefined: the tag holds no picture and no sound, or none that can be made something of. */
  read(tag: LogTag, part: number): RawPacket | undefined {
    if (tag.type !== SCRIPT_TAG) return this.#readMedia(tag, part)
    this.#readHints(tag.body)
    return undefined
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

function passable<T>(configuration: Configuration<T> | undefined): Configured<T> | undefined {
  const result = configuration?.result
  return result && 'position' in result ? result : undefined
}

function isLeftOut(made: unknown): made is LeftOut {
  return typeof made === 'object' && made !== null && 'reason' in made
}
