/**
 * What a file is, reduced from ffprobe's JSON (`-show_format -show_streams`). Pure.
 * Kept in Upload.source, so it holds plain JSON only.
 */
import { z } from 'zod'
import { MAX_PIXELS } from './ffmpeg/limits.ts'

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

const number = z.coerce.number().optional().catch(undefined)
const text = z.string().catch('')
const stream = z.looseObject({
  index: z.number(),
  codec_type: text,
  codec_name: text,
  profile: text,
  pix_fmt: text,
  width: number,
  height: number,
  sample_aspect_ratio: text,
  r_frame_rate: text,
  avg_frame_rate: text,
  field_order: text,
  bit_rate: number,
  nb_frames: number,
  nb_read_packets: number,
  color_transfer: text,
  color_primaries: text,
  color_space: text,
  channels: number,
  sample_rate: number,
  disposition: z.record(z.string(), z.number()).catch({}),
  tags: z.record(z.string(), z.string()).catch({}),
  side_data_list: z.array(z.looseObject({ rotation: number, displaymatrix: text })).catch([]),
})
const probe = z.looseObject({
  streams: z.array(stream).catch([]),
  format: z
    .looseObject({ format_name: text, duration: number, start_time: number, bit_rate: number })
    .catch({ format_name: '', duration: undefined, start_time: undefined, bit_rate: undefined }),
})
type Stream = z.infer<typeof stream>

/** `json` is ffprobe's output, already parsed from JSON text. */
export function parseSource(json: unknown): SourceVerdict {
  const parsed = probe.safeParse(json)
  if (!parsed.success) return { isVideo: false, reason: NO_PICTURE }
  const { streams, format } = parsed.data
  const isCover = (s: Stream) => s.disposition.attached_pic === 1 || isStillImage(format.format_name, s)
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

function readCover({ index, width = 0, height = 0 }: Stream): SourceCover {
  return { index, width, height }
}

function isReadable(s: Stream): boolean {
  return s.codec_name !== '' && s.codec_name !== 'none' && (s.width ?? 0) > 0 && (s.height ?? 0) > 0
}

function isStillImage(container: string, s: Stream): boolean {
  if (/(^|,)(image2|.*_pipe|apng|webp|ico)(,|$)/.test(container)) return true
  // The codecs of still pictures, of which some containers hold many in a row.
  if (!['png', 'webp', 'bmp', 'tiff', 'gif'].includes(s.codec_name)) return false
  return (s.nb_read_packets ?? s.nb_frames ?? 1) < 2
}

function readVideo(s: Stream): SourceVideo {
  const codedWidth = s.width ?? 0
  const codedHeight = s.height ?? 0
  const sampleAspect = readSampleAspect(s.sample_aspect_ratio)
  const rotation = readRotation(s)
  // Pixel aspect stretches the width as stored; rotation then swaps the sides.
  const stretched = Math.round(codedWidth * sampleAspect)
  const turned = rotation === 90 || rotation === 270
  const nominal = readRate(s.r_frame_rate)
  const average = readRate(s.avg_frame_rate)
  const frameRate = plausible(nominal) ? nominal : plausible(average) ? average : 0
  const bitRate = s.bit_rate
  return {
    index: s.index,
    codec: s.codec_name,
    profile: s.profile,
    pixelFormat: s.pix_fmt,
    codedWidth,
    codedHeight,
    sampleAspect,
    rotation,
    ...(isMirrored(s) ? { mirrored: true } : {}),
    width: turned ? codedHeight : stretched,
    height: turned ? stretched : codedHeight,
    frameRate,
    averageFrameRate: plausible(average) ? average : frameRate,
    variableFrameRate:
      plausible(nominal) && plausible(average)
        ? Math.abs(nominal - average) / average > 0.02
        : !plausible(nominal),
    interlaced: ['tt', 'bb', 'tb', 'bt'].includes(s.field_order),
    ...(bitRate !== undefined && bitRate > 0 ? { bitRate } : {}),
    transfer: known(s.color_transfer),
    primaries: known(s.color_primaries),
    matrix: known(s.color_space),
    hdr: s.color_transfer === 'smpte2084' || s.color_transfer === 'arib-std-b67',
  }
}

function readAudio(s: Stream): SourceAudio {
  return {
    index: s.index,
    codec: s.codec_name,
    profile: s.profile,
    channels: s.channels ?? 0,
    sampleRate: s.sample_rate ?? 0,
    language: s.tags.language === 'und' ? '' : (s.tags.language ?? ''),
    title: s.tags.title ?? '',
    isDefault: s.disposition.default === 1,
    isAside: ASIDES.some((disposition) => s.disposition[disposition] === 1),
  }
}

const ASIDES = ['comment', 'visual_impaired', 'descriptions', 'karaoke']

function readSampleAspect(ratio: string): number {
  const [num, den] = ratio.split(':').map(Number)
  const aspect = num && den ? num / den : 1
  // Beyond these a damaged header is likelier than such a pixel.
  return aspect > 0.1 && aspect < 10 ? aspect : 1
}

/** The display matrix turns counter-clockwise for positive angles; the old `rotate` tag clockwise. */
function readRotation(s: Stream): SourceVideo['rotation'] {
  const matrix = s.side_data_list.find((data) => data.rotation !== undefined)?.rotation
  const tag = Number(s.tags.rotate ?? Number.NaN)
  const clockwise = matrix !== undefined ? -matrix : Number.isFinite(tag) ? tag : 0
  const quarter = ((Math.round(clockwise / 90) % 4) + 4) % 4
  return ([0, 90, 180, 270] as const)[quarter] ?? 0
}

/** A matrix whose determinant is negative turns the picture over. ffprobe prints it in three lines of hexadecimal places and decimal values. */
function isMirrored(s: Stream): boolean {
  const printed = s.side_data_list.find((data) => data.displaymatrix !== '')?.displaymatrix ?? ''
  const [a, b, , c, d] = [...printed.matchAll(/(?<=\s)-?\d+(?=\s|$)/g)].map(Number)
  return (a ?? 1) * (d ?? 1) - (b ?? 0) * (c ?? 0) < 0
}

function readRate(fraction: string): number {
  const [num, den] = fraction.split('/').map(Number)
  return num && den ? num / den : 0
}

function plausible(rate: number): boolean {
  return Number.isFinite(rate) && rate > 0.05 && rate <= 500
}

function known(name: string): string {
  return ['unknown', 'unspecified', 'reserved'].includes(name) ? '' : name
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
