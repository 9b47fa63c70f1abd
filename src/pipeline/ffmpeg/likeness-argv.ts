/** Arguments that compare what was made of a chunk with what it was made from, picture by picture. Pure. */
import type { Rung } from '../ladder.ts'
import type { FfmpegCommand } from './command.ts'
import { ALLOW_LISTS, inputUrl } from './hostile-input.ts'
import {
  encodeMeasuredChunk,
  encodePlannedChunk,
  type MeasuredChunk,
  type PlannedChunk,
} from './video-argv.ts'

/** What was encoded, and how its source lies. */
export type ComparedChunk =
  | { readonly kind: 'measured'; readonly chunk: MeasuredChunk }
  | { readonly kind: 'planned'; readonly chunk: PlannedChunk }

/**
 * The source goes through the same filters as for the encoder, so that only what the encoder did counts. The
 * last line says the likeness: readSsim.
 */
export function compareChunk(compared: ComparedChunk, rung: Rung): FfmpegCommand {
  const encode = forSoftware(compared, rung)
  const made = { url: inputUrl(compared.chunk.outputOf(rung)), options: [...ALLOW_LISTS] }
  return {
    logLevel: 'info',
    inputs: [...encode.inputs, made],
    filterGraph: [
      encode.filterGraph,
      // Both have the same pictures in the same order: what their clocks say of them may be a tick apart.
      `[v0]${IN_ORDER}[source]`,
      `[${encode.inputs.length}:v:0]${IN_ORDER}[made]`,
      '[source][made]ssim[compared]',
    ].join(';'),
    outputs: [{ path: '-', options: ['-map', '[compared]', '-f', 'null'] }],
  }
}

const IN_ORDER = 'settb=AVTB,setpts=N*40000'

function forSoftware(compared: ComparedChunk, rung: Rung): FfmpegCommand {
  if (compared.kind === 'planned') {
    const { encoderOf: _, ...chunk } = compared.chunk
    return encodePlannedChunk({ ...chunk, rungs: [rung] })
  }
  const { encoderOf: _, ...chunk } = compared.chunk
  return encodeMeasuredChunk({ ...chunk, rungs: [rung] })
}

/** Structural similarity of the luma, 0 to 1, from a line of ffmpeg's ssim filter; undefined: it says something else. */
export function readSsim(line: string): number | undefined {
  const found = /SSIM Y:([\d.]+) /.exec(line)?.[1]
  return found === undefined ? undefined : Number(found)
}
