/**
 * How like its source a rung looks, on a sample of its chunks. A picture that looks like something else was
 * decoded, scaled or placed wrongly, which counting frames does not show.
 */
import { AppError } from '../../kernel/errors.ts'
import { type ComparedChunk, compareChunk, readSsim } from '../ffmpeg/likeness-argv.ts'
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts'
import type { Rung } from '../ladder.ts'
import type { StepParts } from './step-parts.ts'

/** Of so many chunks the first is looked at: about two minutes of video. */
const ONE_IN = 12
/** Below, it is another picture, or one that the bit rate is far too small for. */
const LEAST_SSIM = 0.7

export interface LikenessRequest {
  readonly compared: ComparedChunk
  readonly rungs: readonly Rung[]
  /** Of the chunk. */
  readonly index: number
  readonly attempts: number
  readonly signal: AbortSignal
}

/**
 * SSIM by rung, 0 to 1; empty when the chunk is not one of the samples. Throws AppError `encode-failed` when a
 * rung is unlike its source, the first time: made again it is taken as it is, and its numbers tell.
 */
export async function measureLikeness(
  { tools }: Pick<StepParts, 'tools'>,
  { compared, rungs, index, attempts, signal }: LikenessRequest,
): Promise<ReadonlyMap<string, number>> {
  const likeness = new Map<string, number>()
  if (index % ONE_IN !== 0) return likeness
  for (const rung of rungs) {
    const lines: string[] = []
    await runFfmpeg(tools, compareChunk(compared, rung), { signal, onLine: (line) => lines.push(line) })
    const ssim = lines.map(readSsim).find((found) => found !== undefined)
    if (ssim === undefined) continue
    if (ssim < LEAST_SSIM && attempts === 1)
      throw new AppError(
        'encode-failed',
        `${rung.name} does not look like its source (likeness ${ssim.toFixed(2)} of 1): it is made once more.`,
      )
    likeness.set(rung.name, ssim)
  }
  return likeness
}
