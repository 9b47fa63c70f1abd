/**
 * What a file is, reduced from ffprobe's JSON (`-show_format -show_streams`). Pure.
 * Kept in Upload.source, so it holds plain JSON only.
 */
import { MAX_PIXELS } from './ffmpeg/limits.ts'
import {
  isReadable,
  isStillImage,
  type ProbedStream,
  probed,
  readAudio,
  readCover,
  readVideo,
} from './probed-stream.ts'

export interface SourceVideo {
  /** Stream index in the file. */
  readonly index: number
  /** ffmpeg's name: h264, hevc, vp9, av1, mpeg4 … */
  readonly codec: string
  readonly profile: string
  readonly pixelFormat: string
  /** As coded, before pixel aspect and rotation. */
  readonly codedWidth: number
  readonly codedHeight: number
  /** Width of a pixel over its height; 1 is square. */
  readonly sampleAspect: number
  /** Of the file's moving pictures, from 0, and how many there are. Absent in what was stored before it was known. */
  readonly place?: { readonly nth: number; readonly of: number }
  /** Degrees clockwise the picture must be turned for display. */
  readonly rotation: 0 | 90 | 180 | 270
  /** The display matrix exchanges left and right as well. */
  readonly mirrored?: true
  /** As displayed. */
  readonly width: number
  readonly height: number
  /** Frames per second: what the container claims, and what it holds on average. */
  readonly frameRate: number
  readonly averageFrameRate: number
  readonly variableFrameRate: boolean
  readonly interlaced: boolean
  /** Bits per second, when known. */
  readonly bitRate?: number
  /** Colour as ffmpeg names it; empty when the file does not say. */
  readonly transfer: string
  readonly primaries: string
  readonly matrix: string
  readonly hdr: boolean
}

export interface SourceAudio {
  readonly index: number
  readonly codec: string
  readonly profile: string
  readonly channels: number
  readonly sampleRate: number
  readonly language: string
  readonly title: string
  readonly isDefault: boolean
  /** Beside the programme: a comment on it, or a description of the pictures. Absent in what was stored before it was known. */
  readonly isAside?: boolean
}

export interface SourceMedia {
  /** ffmpeg's demuxer name, such as "mov,mp4,m4a,3gp,3g2,mj2". */
  readonly container: string
  /** What the container claims; absent when it does not say. */
  readonly durationSeconds?: number
  readonly startSeconds: number
  /** Absent: there is sound alone. */
  readonly video?: SourceVideo
  /** A picture that stands for the sound. */
  readonly cover?: SourceCover
  readonly audio: readonly SourceAudio[]
}

export interface SourceCover {
  readonly index: number
  /** Pixels. */
  readonly width: number
  readonly height: number
}

/** `reason` is for the person who sent the file: plain words. */
export type SourceVerdict =
  | { readonly isVideo: true; readonly media: SourceMedia }
  | { readonly isVideo: false; readonly reason: string }

export const NO_PICTURE =
  'This file has no picture we can read, and no sound. Send a video such as MP4, MOV, MKV, WebM, AVI, FLV or MPEG-TS, or a recording such as MP3, M4A, FLAC, Ogg or WAV.'

export const TOO_LARGE = `The pictures of this file are larger than any video's (more than ${Math.floor(MAX_PIXELS / 1e6)} million pixels): it is not taken.`

/** `json` is ffprobe's output, already parsed from JSON text. */
export function parseSource(json: unknown): SourceVerdict {
  const parsed = probed.safeParse(json)
  if (!parsed.success) return { isVideo: false, reason: NO_PICTURE }
  const { streams, format } = parsed.data
  const isCover = (s: ProbedStream) => s.disposition.attached_pic === 1 || isStillImage(format.format_name, s)
  const pictures = streams.filter((s) => s.codec_type === 'video' && s.disposition.attached_pic !== 1)
  const sounds = streams.filter(
    (s) => s.codec_type === 'audio' && s.codec_name !== '' && (s.channels ?? 0) > 0,
  )
  const picture =
    pictures.find((s) => s.disposition.default === 1 && isReadable(s)) ?? pictures.find(isReadable)
  const about = {
    container: format.format_name,
    ...(format.duration !== undefined && format.duration > 0 ? { durationSeconds: format.duration } : {}),
    startSeconds: format.start_time ?? 0,
    audio: sounds.map(readAudio),
  }
  // A cover, or a still that somebody wrapped into a video: the sound is what there is.
  if (sounds.length > 0 && (picture ? isCover(picture) : pictures.length === 0)) {
    const cover = streams.find((s) => s.codec_type === 'video' && isReadable(s) && isCover(s))
    return { isVideo: true, media: { ...about, ...(cover ? { cover: readCover(cover) } : {}) } }
  }
  if (!picture) {
    if (pictures.length > 0)
      return {
        isVideo: false,
        reason:
          'The file names a picture but holds none that can be decoded. It may be damaged or cut off at the beginning.',
      }
    return { isVideo: false, reason: NO_PICTURE }
  }
  if (isStillImage(format.format_name, picture))
    return { isVideo: false, reason: 'This is a picture, not a video.' }
  if ((picture.width ?? 0) * (picture.height ?? 0) > MAX_PIXELS) return { isVideo: false, reason: TOO_LARGE }
  const place = { nth: pictures.indexOf(picture), of: pictures.length }
  return { isVideo: true, media: { ...about, video: { ...readVideo(picture), place } } }
}

/** A `SourceMedia` as it comes back from the catalogue; undefined when it is none. */
export function readSource(stored: unknown): SourceMedia | undefined {
  const media = stored as Partial<SourceMedia> | null | undefined
  return media &&
    typeof media === 'object' &&
    typeof media.container === 'string' &&
    Array.isArray(media.audio) &&
    (typeof media.video === 'object' || media.audio.length > 0)
    ? (media as SourceMedia)
    : undefined
}
