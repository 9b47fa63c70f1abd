/** FLV decoder configurations to tracks that can be muxed: which codecs pass, and what is said of those that do not. */
import { MalformedError } from '../formats/bytes/malformed-error.ts'
import { readAacConfig } from '../formats/flv/aac-config.ts'
import type { AudioTag } from '../formats/flv/audio-tag.ts'
import { readAvcConfig } from '../formats/flv/avc-config.ts'
import { readHevcConfig } from '../formats/flv/hevc-config.ts'
import type { VideoTagCodec } from '../formats/flv/video-tag.ts'
import { type CarriedAudio, describeCarried } from './carried-audio.ts'
import { type CarriedVideo, readPictureSize } from './carried-video.ts'
import type { MuxAudioTrack, MuxVideoTrack } from './segment-muxer.ts'

/** What the encoder says of itself in onMetaData; used where the configuration does not tell. */
export interface StreamHints {
  readonly width: number | undefined
  readonly height: number | undefined
  readonly frameRate: number | undefined
  /** AudioSpecificConfig, for want of the encoder's own. */
  readonly aacConfig: Uint8Array | undefined
}

export const NO_HINTS: StreamHints = {
  width: undefined,
  height: undefined,
  frameRate: undefined,
  aacConfig: undefined,
}

/** A track that cannot be passed through: the pipeline has to make it from the recording. */
export interface LeftOut {
  readonly track: 'video' | 'audio'
  /** Such as "sorenson" or "mp3". */
  readonly codec: string
  readonly reason: string
}

export type FlvVideoTrack =
  | (MuxVideoTrack & { readonly frameRate: number | undefined; readonly carried?: undefined })
  | CarriedPictures

/** Pictures that are kept for the encoder instead of being passed through. */
export interface CarriedPictures {
  readonly kind: 'video'
  readonly codecString: string
  readonly displayWidth: number
  readonly displayHeight: number
  readonly frameRate: number | undefined
  readonly carried: Pick<CarriedVideo, 'codec' | 'codecId'>
}
export type FlvAudioTrack =
  | (MuxAudioTrack & { readonly samplesPerFrame: number; readonly carried?: undefined })
  | CarriedTrack

/** Sound that is kept for the encoder instead of being passed through. */
export interface CarriedTrack {
  readonly kind: 'audio'
  readonly codecString: string
  readonly channels: number
  readonly sampleRate: number
  /** Each packet knows. */
  readonly samplesPerFrame: 0
  readonly carried: CarriedAudio
}

export function carriedTrack(carried: CarriedAudio): CarriedTrack {
  const { codec, channels, sampleRate } = carried
  return { kind: 'audio', codecString: codec, channels, sampleRate, samplesPerFrame: 0, carried }
}

/** Timestamps of FLV are whole milliseconds, which 90 kHz holds exactly. */
const VIDEO_TIMESCALE = 90_000

/** Of a codec that has no configuration: its first keyframe says how large it is. `codecId`: of the tag. */
export function carriedPictures(
  codec: VideoTagCodec,
  codecId: number,
  picture: Uint8Array,
  hints: StreamHints,
): FlvVideoTrack | LeftOut {
  const told = hints.width && hints.height ? { width: hints.width, height: hints.height } : undefined
  const size = readPictureSize(codec, picture) ?? told
  if (!size) return { track: 'video', codec, reason: `The size of its pictures is not known.` }
  return {
    kind: 'video',
    codecString: codec,
    displayWidth: size.width,
    displayHeight: size.height,
    frameRate: hints.frameRate,
    carried: { codec, codecId },
  }
}

/** `config` is the decoder configuration record of a sequence start. */
export function videoTrack(
  codec: VideoTagCodec,
  config: Uint8Array,
  hints: StreamHints,
): FlvVideoTrack | LeftOut {
  try {
    const common = { kind: 'video', description: new Uint8Array(config), timescale: VIDEO_TIMESCALE } as const
    if (codec === 'avc') {
      const { codecString, width, height, aspect, frameRate } = readAvcConfig(config)
      const displayWidth = Math.round((width * aspect.num) / aspect.den)
      return {
        ...common,
        codec,
        codecString,
        width,
        height,
        displayWidth,
        displayHeight: height,
        frameRate: frameRate ?? hints.frameRate,
      }
    }
    if (codec === 'hevc') {
      const { codecString, width, height } = readHevcConfig(config)
      return {
        ...common,
        codec,
        codecString,
        width,
        height,
        displayWidth: width,
        displayHeight: height,
        frameRate: hints.frameRate,
      }
    }
    const { width, height } = hints
    if ((codec === 'av1' || codec === 'vp9') && width && height) {
      const codecString = codec === 'av1' ? av1CodecString(config) : vp9CodecString(config)
      return {
        ...common,
        codec,
        codecString,
        width,
        height,
        displayWidth: width,
        displayHeight: height,
        frameRate: hints.frameRate,
      }
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    return { track: 'video', codec, reason: `Its decoder configuration is damaged: ${error.message}.` }
  }
  return { track: 'video', codec, reason: `${codec} video cannot be passed through.` }
}

/** `audio` and `body`: the first tag of the track. `config`: its configuration when it is one; of AAC always an AudioSpecificConfig. */
export function audioTrack(audio: AudioTag, body: Uint8Array, config: Uint8Array): FlvAudioTrack | LeftOut {
  const { codec, sampleRate, channels } = audio
  if (codec === 'aac') return aacTrack(config)
  if (codec === 'unknown') return { track: 'audio', codec, reason: 'It is in no format that is known.' }
  const flvHeader = sampleRate === undefined ? undefined : body[0]
  const told = { sampleRate, channels, ...(flvHeader === undefined ? {} : { flvHeader }) }
  return carriedTrack(
    describeCarried(codec, told, config, audio.packet === 'sequence-start' ? config : undefined),
  )
}

function aacTrack(config: Uint8Array): FlvAudioTrack | LeftOut {
  try {
    const { codecString, sampleRate, channels, samplesPerFrame } = readAacConfig(config)
    return {
      kind: 'audio',
      codec: 'aac',
      codecString,
      channels,
      sampleRate,
      samplesPerFrame,
      description: new Uint8Array(config),
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    return { track: 'audio', codec: 'aac', reason: `Its decoder configuration is damaged: ${error.message}.` }
  }
}

/** Spec: AV1 Codec ISO Media File Format Binding 1.2 §2.3.3, §5 */
function av1CodecString(config: Uint8Array): string {
  const [, second = 0, third = 0] = config
  const depth = third & 0x40 ? (third & 0x20 ? 12 : 10) : 8
  const two = (value: number) => String(value).padStart(2, '0')
  return `av01.${second >> 5}.${two(second & 0x1f)}${third & 0x80 ? 'H' : 'M'}.${two(depth)}`
}

/** Spec: VP Codec ISO Media File Format Binding 1.0; some senders leave out the record's version and flags. */
function vp9CodecString(config: Uint8Array): string {
  const at = config.byteLength >= 12 && config[0] === 1 ? 4 : 0
  const two = (value: number | undefined) => String(value ?? 0).padStart(2, '0')
  return `vp09.${two(config[at])}.${two(config[at + 1])}.${two((config[at + 2] ?? 0x80) >> 4)}`
}
