/** Arguments that lay the pictures of a video out on one sheet, or make a short moving picture of them. Pure. */
import type { FfmpegCommand, FfmpegInput } from './command.ts'
import { ALLOW_LISTS, inputUrl } from './hostile-input.ts'

/** Grey samples that tell scenes apart: 8 bits each, row by row. */
export const SCENE_WIDTH = 16
export const SCENE_HEIGHT = 9

export interface Pictures {
  readonly inputs: readonly {
    readonly inputPath: string
    readonly stream: string
    readonly count: number
    readonly atSeconds?: number
  }[]
  readonly width: number
  readonly height: number
}

export interface SheetJob extends Pictures {
  readonly columns: number
  /** Absolute paths: a JPEG, and SCENE_WIDTH × SCENE_HEIGHT bytes for each picture. */
  readonly sheetPath: string
  readonly samplesPath: string
}

/** What is missing at the end is the last picture again: the sheet always holds as many as were asked for. */
export function layOutSheet(job: SheetJob): FfmpegCommand {
  const count = countOf(job)
  const { columns } = job
  return {
    inputs: job.inputs.map(readPictures),
    filterGraph: [
      ...gather(job, 'all'),
      '[all]split[a][b]',
      `[a]tile=${columns}x${columns}:nb_frames=${columns * columns}[sheet]`,
      `[b]scale=${SCENE_WIDTH}:${SCENE_HEIGHT}:flags=area,format=gray[samples]`,
    ].join(';'),
    outputs: [
      {
        path: job.sheetPath,
        options: [
          ...['-map', '[sheet]', '-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '5', '-map_metadata', '-1'],
          ...['-update', '1', '-f', 'image2'],
        ],
      },
      {
        path: job.samplesPath,
        options: ['-map', '[samples]', '-frames:v', `${count}`, '-c:v', 'rawvideo', '-f', 'rawvideo'],
      },
    ],
  }
}

export interface PreviewJob extends Pictures {
  readonly picturesPerSecond: number
  /** Absolute path of the animated WebP. */
  readonly outputPath: string
}

export function makePreview(job: PreviewJob): FfmpegCommand {
  return {
    inputs: job.inputs.map(readPictures),
    filterGraph: [
      ...gather(job, 'all'),
      `[all]settb=1/1000,setpts=N*${1000 / job.picturesPerSecond},fps=${job.picturesPerSecond},format=yuv420p[p]`,
    ].join(';'),
    outputs: [
      {
        path: job.outputPath,
        options: [
          ...['-map', '[p]', '-frames:v', `${countOf(job)}`, '-c:v', 'libwebp_anim', '-loop', '0'],
          ...['-quality', '60', '-compression_level', '4', '-map_metadata', '-1', '-f', 'webp'],
        ],
      },
    ],
  }
}

const countOf = ({ inputs }: Pictures) => inputs.reduce((sum, { count }) => sum + count, 0)

function readPictures({ inputPath, atSeconds }: Pictures['inputs'][number]): FfmpegInput {
  return {
    url: inputUrl(inputPath),
    options: [
      ...['-threads', '1', ...ALLOW_LISTS, '-an', '-skip_frame', 'nokey'],
      ...(atSeconds ? ['-noaccurate_seek', '-ss', atSeconds.toFixed(3)] : []),
    ],
  }
}

/** The first picture as one a second: alone it would last too short a time to count. */
const ALONE = 'trim=end_frame=1,loop=loop=3:size=1:start=0,settb=1,setpts=N,fps=1'

/** All pictures in one size, one a second. What could not be decoded is the picture before it once more. */
function gather({ inputs, width, height }: Pictures, name: string): readonly string[] {
  const fit = `scale=${width}:${height}:force_original_aspect_ratio=decrease:flags=bicubic:out_color_matrix=smpte170m:out_range=pc,format=yuvj420p,pad=${width}:${height}:-1:-1,setsar=1`
  const each = inputs.map(({ stream, count, atSeconds }, i) => {
    const first = atSeconds === undefined ? 'fps=1:start_time=0' : ALONE
    return `[${i}:${stream}]${fit},${first},tpad=stop=${count}:stop_mode=clone,trim=end_frame=${count},setpts=N/TB[p${i}]`
  })
  const pads = inputs.map((_, i) => `[p${i}]`).join('')
  const total = countOf({ inputs, width, height })
  return [
    ...each,
    `${pads}concat=n=${inputs.length}:v=1:a=0,tpad=stop=${total}:stop_mode=clone,trim=end_frame=${total},settb=1,setpts=N[${name}]`,
  ]
}
