/**
 * Loudness of a whole programme, as EBU R 128 (2023) measures it: read from what ffmpeg's ebur128 filter
 * says at its end. Pure.
 *
 *     Integrated loudness:           I:    -25.9 LUFS
 *     Loudness range:                LRA:    0.1 LU
 *     True peak:                     Peak: -14.3 dBFS
 */

/** Kept in Video.loudness, so it holds plain JSON only. */
export interface Loudness {
  /** LUFS: how loud the whole is. */
  readonly integrated: number
  /** LU: how far its quiet and loud parts lie apart. */
  readonly range: number
  /** dBTP: the highest peak between samples too. */
  readonly truePeak: number
}

/** The gate of ITU-R BS.1770-5: what is quieter does not count, and a whole of that has no loudness. */
const GATE_LUFS = -70
/** Beyond this noise would be made into a programme, or a programme into noise. */
const MOST_GAIN_DB = 20
/** Too little to be heard. */
const LEAST_GAIN_DB = 0.5

/** Undefined: it says nothing, or is silent throughout. */
export function parseLoudness(lines: readonly string[]): Loudness | undefined {
  const last = (pattern: RegExp) => Number(lines.findLast((line) => pattern.test(line))?.match(pattern)?.[1])
  const integrated = last(/^\s*I:\s+(-?[\d.]+) LUFS\s*$/)
  const range = last(/^\s*LRA:\s+(-?[\d.]+) LU\s*$/)
  const truePeak = last(/^\s*Peak:\s+(-?[\d.]+) dBFS\s*$/)
  return [integrated, range, truePeak].every(Number.isFinite) && integrated > GATE_LUFS
    ? { integrated, range, truePeak }
    : undefined
}

/** Decibels that bring it to `target` LUFS; 0 when it is near enough. */
export function gainTo(target: number, { integrated }: Loudness): number {
  const gain = Math.max(-MOST_GAIN_DB, Math.min(MOST_GAIN_DB, target - integrated))
  return Math.abs(gain) < LEAST_GAIN_DB ? 0 : Math.round(gain * 100) / 100
}
