/**
 * What the line carries, from the segments that came over it. A segment of a quality that is encoded as it
 * is watched makes its request wait; http-streaming takes that for a slow line and would keep a viewer in the
 * lowest quality for ever. Here only the time from the first byte to the last counts.
 */

export interface Transfer {
  readonly bytes: number
  /** From the first byte to the last. */
  readonly ms: number
}

/** Enough to outlast a hiccup, few enough to notice a change within some seconds. */
const REMEMBERED = 6
/** What fits into a few packets says nothing of the line. */
const LEAST_BYTES = 16_000

/** Bits per second; undefined while nothing is known. */
export function lineRate(transfers: readonly Transfer[]): number | undefined {
  const telling = transfers.filter(({ bytes }) => bytes >= LEAST_BYTES).slice(-REMEMBERED)
  if (telling.length === 0) return undefined
  const bits = telling.reduce((sum, { bytes }) => sum + bytes * 8, 0)
  const ms = telling.reduce((sum, transfer) => sum + transfer.ms, 0)
  // Timers are coarse, and what was in the operating system's buffers already took no time at all.
  return (bits * 1000) / Math.max(1, ms)
}

export interface LineWatch {
  /** Bits per second; undefined while nothing is known. */
  rate(): number | undefined
  stop(): void
}

/** Of this page. */
export function watchLine(): LineWatch {
  let transfers: Transfer[] = []
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!(entry instanceof PerformanceResourceTiming) || !/\.m4s(?:$|\?)/.test(entry.name)) continue
      // Nothing: it came from the browser's cache.
      if (entry.transferSize === 0 || entry.responseStart === 0) continue
      transfers.push({ bytes: entry.encodedBodySize, ms: entry.responseEnd - entry.responseStart })
    }
    transfers = transfers.filter(({ bytes }) => bytes >= LEAST_BYTES).slice(-REMEMBERED)
  })
  observer.observe({ type: 'resource' })
  return { rate: () => lineRate(transfers), stop: () => observer.disconnect() }
}
