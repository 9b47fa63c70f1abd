/**
 * A picture that can be recognised in whatever became of it: four coloured quarters say which way up it is
 * and whether its colours are right, and a square in the middle that grows from black to white is its clock.
 *
 *     red   | green
 *        [clock]
 *     blue  | light grey
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ffmpeg } from '../ffmpeg.ts'
import { readPackets } from '../media.ts'

const run = promisify(execFile)

export type Colour = readonly [red: number, green: number, blue: number]

export const RED: Colour = [200, 40, 40]
export const GREEN: Colour = [40, 170, 60]
export const BLUE: Colour = [40, 60, 190]
export const LIGHT: Colour = [215, 215, 215]
/** Top left, top right, bottom left, bottom right, as it was drawn. */
export const CORNERS: readonly Colour[] = [RED, GREEN, BLUE, LIGHT]

export interface PictureOptions {
  readonly seconds: number
  /** "160x120". */
  readonly size?: string
  readonly rate?: number | string
  /** Filters behind the drawing, which is in RGB; by default 8-bit 4:2:0 in BT.709. */
  readonly filters?: string
  /** No sound: the picture alone. */
  readonly mute?: boolean
}

export const BT709 = 'scale=out_color_matrix=bt709:out_range=tv,format=yuv420p'
/** What says so in the stream. */
export const TAGGED_709 = [
  '-color_primaries',
  'bt709',
  '-color_trc',
  'bt709',
  '-colorspace',
  'bt709',
] as const

/** Draws it into `file`; arguments follow the inputs: picture, and a tone unless `mute`. */
export async function drawPicture(
  file: string,
  options: PictureOptions,
  ...args: readonly string[]
): Promise<string> {
  const { seconds, size = '160x120', rate = 25, filters = BT709, mute = false } = options
  const [width = 0, height = 0] = size.split('x').map(Number)
  const box = (x: string, y: string, colour: Colour) =>
    `drawbox=${x}:${y}:iw/2:ih/2:0x${colour.map((value) => value.toString(16).padStart(2, '0')).join('')}:fill`
  const source = `size=SIZE:rate=${rate}:duration=${seconds},format=gbrp`
  const quarters = [
    `color=black:${source.replace('SIZE', size)}`,
    box('0', '0', RED),
    box('iw/2', '0', GREEN),
    box('0', 'ih/2', BLUE),
    box('iw/2', 'ih/2', LIGHT),
  ].join(',')
  const clock = `color=white:${source.replace('SIZE', `${Math.floor(width / 3)}x${Math.floor(height / 3)}`)},fade=in:st=0:d=${seconds}`
  await ffmpeg(
    ...[
      '-f',
      'lavfi',
      '-i',
      `${quarters}[q];${clock}[c];[q][c]overlay=(W-w)/2:(H-h)/2:format=gbrp,${filters}`,
    ],
    ...(mute ? [] : ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`]),
    ...args,
    file,
  )
  return file
}

export interface SeenPicture {
  /** Seconds from the file's first picture. */
  readonly at: number
  readonly corners: readonly Colour[]
  /** 0 (black, the beginning) to 1 (white, the end). */
  readonly clock: number
}

export interface SeenPictures {
  readonly width: number
  readonly height: number
  readonly pictures: readonly SeenPicture[]
}

const LOOK = 32

/** Every picture of a file as it is shown: turned as the file asks, in its own colours. `size` is how large the file says it is. */
export async function seePictures(file: string): Promise<SeenPictures> {
  const [packets, { stdout: size }, { stdout }] = await Promise.all([
    readPackets(file),
    run('ffprobe', [
      '-v',
      'error',
      '-select_streams',
      'v:0',
      '-show_entries',
      'stream=width,height',
      '-of',
      'csv=p=0',
      file,
    ]),
    run(
      'ffmpeg',
      [
        ...['-v', 'error', '-i', file, '-map', '0:v:0', '-fps_mode', 'passthrough'],
        ...['-vf', `scale=${LOOK}:${LOOK}:flags=area,format=rgb24`, '-f', 'rawvideo', '-'],
      ],
      { encoding: 'buffer', maxBuffer: 1 << 27 },
    ),
  ])
  const [width = 0, height = 0] = size.trim().split('\n')[0]?.split(',').map(Number) ?? []
  const bytes = LOOK * LOOK * 3
  const first = packets[0]?.pts ?? 0
  const pictures: SeenPicture[] = []
  for (let n = 0; (n + 1) * bytes <= stdout.byteLength; n++) {
    const picture = stdout.subarray(n * bytes, (n + 1) * bytes)
    const at = (x: number, y: number): Colour => mean(picture, Math.round(x * LOOK), Math.round(y * LOOK))
    pictures.push({
      at: (packets[n]?.pts ?? Number.NaN) - first,
      corners: [at(0.15, 0.15), at(0.85, 0.15), at(0.15, 0.85), at(0.85, 0.85)],
      clock: at(0.5, 0.5).reduce((sum, value) => sum + value, 0) / 765,
    })
  }
  return { width, height, pictures }
}

/** Of 3 by 3 points: a codec's noise is not a colour. */
function mean(picture: Uint8Array, x: number, y: number): Colour {
  const sum = [0, 0, 0]
  for (let dy = -1; dy <= 1; dy++)
    for (let dx = -1; dx <= 1; dx++)
      for (let c = 0; c < 3; c++) sum[c] = (sum[c] ?? 0) + (picture[((y + dy) * LOOK + x + dx) * 3 + c] ?? 0)
  return [(sum[0] ?? 0) / 9, (sum[1] ?? 0) / 9, (sum[2] ?? 0) / 9]
}

/** The largest difference in any of the three. */
export function farthest(seen: readonly Colour[], wanted: readonly Colour[]): number {
  return Math.max(
    ...wanted.flatMap((colour, i) =>
      colour.map((value, c) => Math.abs(value - (seen[i]?.[c] ?? Number.NaN))),
    ),
  )
}
