/** The minutes that the health chart shows: what the server kept, and every event since. Pure. */
import type { Health, HealthHistory } from '../../../../../src/delivery/contract/broadcasts.ts'

export type HealthSample = HealthHistory['items'][number]

/** As far as the server remembers. */
const SPAN_MS = 5 * 60_000

/** With one more; those that have become too old are left out. The same moment twice is once. */
export function withSample(
  samples: readonly HealthSample[],
  health: Health | null,
  nowMs: number,
): readonly HealthSample[] {
  const kept = samples.filter(({ at }) => Date.parse(at) > nowMs - SPAN_MS)
  const lastMs = Date.parse(kept.at(-1)?.at ?? '') || 0
  if (nowMs - lastMs < 1000) return kept
  return [
    ...kept,
    {
      at: new Date(nowMs).toISOString(),
      bitsPerSecond: health?.bitsPerSecond ?? 0,
      frameRate: health?.frameRate ?? 0,
    },
  ]
}

/** How much time the chart shows: as much as there is, from one minute to five. */
export function chartSpanMs(samples: readonly HealthSample[], nowMs: number): number {
  const sinceMs = nowMs - (Date.parse(samples[0]?.at ?? '') || nowMs)
  return Math.min(SPAN_MS, Math.max(60_000, sinceMs))
}

/** Points of an SVG line in a box of `width` by `height`, time to the right. `most`: at the top. */
export function chartPoints(
  samples: readonly { readonly at: string; readonly value: number }[],
  most: number,
  box: { readonly width: number; readonly height: number },
  nowMs: number,
  spanMs: number,
): string {
  return samples
    .map(({ at, value }) => {
      const x = box.width * (1 - Math.min(1, Math.max(0, (nowMs - Date.parse(at)) / spanMs)))
      const y = box.height * (1 - Math.min(1, most === 0 ? 0 : value / most))
      return `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`
    })
    .join(' ')
}
