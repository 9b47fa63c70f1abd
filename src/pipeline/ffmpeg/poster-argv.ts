/** Arguments that take candidate pictures for the poster, each with a thumbnail small enough to judge. Pure. */
import type { FfmpegCommand, FfmpegDialect } from './command.ts'
import { ALLOW_LISTS, inputUrl } from './hostile-input.ts'
import { type Picture, toneMap } from './video-argv.ts'

/** Size of the judged thumbnails: 8-bit grey, row by row. */
export const SAMPLE_WIDTH = 32
export const SAMPLE_HEIGHT = 18

export interface PosterCandidates {
  readonly inputPath: string
  /** `v:0`, or a stream's index. */
  readonly stream: string
  readonly width: number
  readonly height: number
  readonly dialect: FfmpegDialect
  /** How the source says its colours; absent where they are SDR. */
  readonly hdr?: Picture | undefined
  readonly atSeconds?: number
  /** Only keyframes are decoded: for inputs that begin a segment with each. */
  readonly keyframesOnly: boolean
  readonly atMost: number
  /** Folder for `<n>.jpg`, from 1, and `samples.gray`. */
  readonly outputDir: string
}

export function takePosterCandidates(job: PosterCandidates): FfmpegCommand {
  return {
    inputs: [
      {
        url: inputUrl(job.inputPath),
        options: [
          ...ALLOW_LISTS,
          '-an',
          ...(job.keyframesOnly ? ['-skip_frame', 'nokey'] : []),
          ...(job.atSeconds ? ['-ss', job.atSeconds.toFixed(3)] : []),
        ],
      },
    ],
    filterGraph: [
      `[0:${job.stream}]${job.hdr && job.dialect.toneMapping ? `${toneMap(job.hdr)},` : ''}split[a][b]`,
      `[a]scale=${job.width}:${job.height}:flags=bicubic:out_color_matrix=smpte170m:out_range=pc,format=yuvj420p,setsar=1[p]`,
      `[b]scale=${SAMPLE_WIDTH}:${SAMPLE_HEIGHT},format=gray[g]`,
    ].join(';'),
    outputs: [
      {
        path: `${job.outputDir}/%d.jpg`,
        options: [
          '-map',
          '[p]',
          ...job.dialect.passthrough,
          '-frames:v',
          `${job.atMost}`,
          '-c:v',
          'mjpeg',
          '-q:v',
          '3',
          '-map_metadata',
          '-1',
          '-f',
          'image2',
        ],
      },
      {
        path: `${job.outputDir}/samples.gray`,
        options: [
          '-map',
          '[g]',
          ...job.dialect.passthrough,
          '-frames:v',
          `${job.atMost}`,
          '-c:v',
          'rawvideo',
          '-f',
          'rawvideo',
        ],
      },
    ],
  }
}

/** Mean and spread (standard deviation) of each thumbnail's brightness, 0 to 255. */
export function judgeSamples(
  samples: Uint8Array,
): readonly { readonly mean: number; readonly spread: number }[] {
  const size = SAMPLE_WIDTH * SAMPLE_HEIGHT
  const judged: { mean: number; spread: number }[] = []
  for (let offset = 0; offset + size <= samples.length; offset += size) {
    const picture = samples.subarray(offset, offset + size)
    const mean = picture.reduce((sum, value) => sum + value, 0) / size
    const variance = picture.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size
    judged.push({ mean, spread: Math.sqrt(variance) })
  }
  return judged
}

/** Neither black, nor white, nor a single colour. */
export function isGoodPicture(sample: { readonly mean: number; readonly spread: number }): boolean {
  return sample.mean > 20 && sample.mean < 240 && sample.spread > 8
}
