/** Holes in what is buffered: see gap-skip.ts. */

const LARGEST_HOLE_SECONDS = 0.5
/** Times of ranges are rounded. */
const INTO_RANGE_SECONDS = 0.01

/** Where to go from `seconds`, if a hole begins there; undefined if there is none to step over. */
export function afterHole(seconds: number, rangeStarts: readonly number[]): number | undefined {
  const next = rangeStarts.filter((start) => start > seconds).sort((a, b) => a - b)[0]
  return next !== undefined && next - seconds <= LARGEST_HOLE_SECONDS ? next + INTO_RANGE_SECONDS : undefined
}
