/** The filter that halves what has too many frames a second. Pure. */
import type { Rung } from '../ladder.ts'

/**
 * Every `frameStep`-th frame, counted from each segment's first, which is always kept: a segment of n frames
 * keeps n / step of them, rounded up. The rungs of a ladder leave out the same ones.
 * `segmentFrames`: how many are shown in each segment of the chunk.
 */
export function leaveOutFrames(chunk: {
  readonly rungs: readonly Rung[]
  readonly segmentFrames?: readonly number[]
}): readonly string[] {
  const step = chunk.rungs[0]?.frameStep ?? 1
  if (step === 1) return []
  let begins = 0
  let start = '0'
  for (const frames of chunk.segmentFrames ?? []) {
    // The last start that is not behind frame n.
    if (begins > 0) start = `if(gte(n,${begins}),${begins},${start})`
    begins += frames
  }
  return [`select='not(mod(n-${start},${step}))'`]
}
