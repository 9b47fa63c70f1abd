/** One stream of a file as ffprobe's JSON tells of it, and what it says of pictures and sound. Pure. */
import { z } from 'zod'
import type { SourceAudio, SourceCover, SourceVideo } from './source.ts'

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
export const probed = z.looseObject({
  streams: z.array(stream).catch([]),
  format: z
    .looseObject({ format_name: text, duration: number, start_time: number, bit_rate: number })
    .catch({ format_name: '', duration: undefined, start_time: undefined, bit_rate: undefined }),
})
export type ProbedStream = z.infer<typeof stream>

export function readCover({ index, width = 0, height = 0 }: ProbedStream): SourceCover {
  return { index, width, height }
}

export function isReadable(s: ProbedStream): boolean {
  return s.codec_name !== '' && s.codec_name !== 'none' && (s.width ?? 0) > 0 && (s.height ?? 0) > 0
}

export function isStillImage(container: string, s: ProbedStream): boolean {
  if (/(^|,)(image2|.*_pipe|apng|webp|ico)(,|$)/.test(container)) return true
  // The codecs of still pictures, of which some containers hold many in a row.
  if (!['png', 'webp', 'bmp', 'tiff', 'gif'].includes(s.codec_name)) return false
  return (s.nb_read_packets ?? s.nb_frames ?? 1) < 2
}

export function readVideo(s: ProbedStream): SourceVideo {
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

export function readAudio(s: ProbedStream): SourceAudio {
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
function readRotation(s: ProbedStream): SourceVideo['rotation'] {
  const matrix = s.side_data_list.find((data) => data.rotation !== undefined)?.rotation
  const tag = Number(s.tags.rotate ?? Number.NaN)
  const clockwise = matrix !== undefined ? -matrix : Number.isFinite(tag) ? tag : 0
  const quarter = ((Math.round(clockwise / 90) % 4) + 4) % 4
  return ([0, 90, 180, 270] as const)[quarter] ?? 0
}

/** A matrix whose determinant is negative turns the picture over. ffprobe prints it in three lines of hexadecimal places and decimal values. */
function isMirrored(s: ProbedStream): boolean {
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
