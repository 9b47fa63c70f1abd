/** A waveform as the server sends it, and the bars that are drawn of it. */

export interface Waveform {
  readonly pointsPerSecond: number
  /** 0 to 255. */
  readonly peaks: Uint8Array
}

/** Undefined for anything else. */
export function readWaveform(json: unknown): Waveform | undefined {
  const { pointsPerSecond, peaks } = (json ?? {}) as { pointsPerSecond?: unknown; peaks?: unknown }
  if (typeof pointsPerSecond !== 'number' || !(pointsPerSecond > 0) || typeof peaks !== 'string')
    return undefined
  try {
    return { pointsPerSecond, peaks: Uint8Array.from(atob(peaks), (byte) => byte.charCodeAt(0)) }
  } catch {
    return undefined
  }
}

/** The height of each of `count` bars over `seconds`, 0 to 1. The loudest reaches the top, so that a quiet sound is seen too. */
export function barsOf({ pointsPerSecond, peaks }: Waveform, seconds: number, count: number): number[] {
  const points = seconds * pointsPerSecond
  const bars = Array.from({ length: count }, (_, bar) => {
    const from = Math.floor((bar * points) / count)
    const to = Math.max(from + 1, Math.floor(((bar + 1) * points) / count))
    return peaks.subarray(from, to).reduce((most, peak) => Math.max(most, peak), 0)
  })
  const loudest = Math.max(1, ...bars)
  return bars.map((bar) => bar / loudest)
}
