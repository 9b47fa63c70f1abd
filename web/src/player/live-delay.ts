/**
 * How near to the edge a broadcast is watched. A growing playlist must announce the longest segment
 * it may ever have, and by HLS's rule (RFC 8216bis §4.4.3.8) players stay three of those behind. The
 * segments themselves tell how near is safe: three of the lately longest.
 */
const SEGMENTS_BEHIND = 3
const LOOKED_AT = 5
const LEAST_SECONDS = 4
/** Before any segment is known: those of an encoder with keyframes every 2 s. */
export const FIRST_SECONDS = 6

/** `durations` of the segments so far, the newest last; never more than the rule's distance. */
export function liveDelaySeconds(durations: readonly number[], targetSeconds: number): number {
  if (durations.length === 0) return FIRST_SECONDS
  const longest = Math.max(...durations.slice(-LOOKED_AT))
  return Math.min(Math.max(SEGMENTS_BEHIND * longest, LEAST_SECONDS), SEGMENTS_BEHIND * targetSeconds)
}
