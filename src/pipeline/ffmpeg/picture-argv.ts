/** Arguments that read one picture, of ours or sent by somebody, and write it as JPEG without anything but its pixels. Pure. */
import type { FfmpegCommand } from './command.ts'
import { inputUrl } from './hostile-input.ts'

/** Demuxer for each kind of picture that is taken. */
export const PICTURE_DEMUXERS = {
  jpeg: 'jpeg_pipe',
  png: 'png_pipe',
  webp: 'webp_pipe',
  avif: 'mov',
} as const

export type PictureKind = keyof typeof PICTURE_DEMUXERS

/** A bomb of a few bytes may claim any size. */
export const MOST_PIXELS = 50_000_000

/** Quarter turns and mirroring that bring a picture upright: EXIF 2.32 §4.6.5.B, Orientation. */
const UPRIGHT: Readonly<Record<number, readonly string[]>> = {
  2: ['hflip'],
  3: ['hflip', 'vflip'],
  4: ['vflip'],
  5: ['transpose=0'],
  6: ['transpose=1'],
  7: ['transpose=3'],
  8: ['transpose=2'],
}

export interface PictureJob {
  readonly inputPath: string
  readonly kind: PictureKind
  /** EXIF's number, 1 to 8; 1: as it is. */
  readonly orientation?: number
  /** The longer side at most, in pixels; smaller pictures are left as they are. */
  readonly side: number
  readonly outputPath: string
}

export function rewritePicture({
  inputPath,
  kind,
  orientation = 1,
  side,
  outputPath,
}: PictureJob): FfmpegCommand {
  const fit = `scale='min(iw,${side})':'min(ih,${side})':force_original_aspect_ratio=decrease:force_divisible_by=2:flags=bicubic:out_color_matrix=smpte170m:out_range=pc`
  return {
    inputs: [
      {
        url: inputUrl(inputPath),
        options: [
          ...['-protocol_whitelist', 'file', '-format_whitelist', PICTURE_DEMUXERS[kind]],
          ...[
            '-f',
            PICTURE_DEMUXERS[kind],
            '-max_pixels',
            `${MOST_PIXELS}`,
            '-noautorotate',
            '-threads',
            '1',
          ],
        ],
      },
    ],
    filterGraph: [
      '[0:v:0]format=yuvj444p',
      ...(UPRIGHT[orientation] ?? []),
      fit,
      'format=yuvj420p,setsar=1[p]',
    ].join(','),
    outputs: [
      {
        path: outputPath,
        options: [
          ...['-map', '[p]', '-frames:v', '1', '-map_metadata', '-1', '-c:v', 'mjpeg', '-q:v', '3'],
          ...['-update', '1', '-f', 'image2'],
        ],
      },
    ],
  }
}

/** By its first bytes; undefined: none of these. */
export function pictureKind(head: Uint8Array): PictureKind | undefined {
  const text = (from: number, to: number) => Buffer.from(head.subarray(from, to)).toString('latin1')
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return 'jpeg'
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return 'png'
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'webp'
  if (text(4, 8) === 'ftyp' && /avi[fs]/.test(text(8, 32))) return 'avif'
  return undefined
}
