/** How fast an upload goes, and how long it will take: over the last seconds, so that it follows the connection. */

export interface Sample {
  readonly atMs: number
  readonly bytes: number
}

const WINDOW_MS = 8_000
/** Less than this says nothing yet. */
const LEAST_MS = 1_000

/** `samples`, oldest first, with `next`, without those too old. One older than the window stays, to measure from. */
export function addSample(samples: readonly Sample[], next: Sample): readonly Sample[] {
  const all = [...samples, next]
  const firstRecent = all.findIndex(({ atMs }) => atMs >= next.atMs - WINDOW_MS)
  return all.slice(Math.max(0, firstRecent - 1))
}

/** Undefined while it cannot be said. */
export function bytesPerSecond(samples: readonly Sample[]): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)]
  if (first === undefined || last === undefined || last.atMs - first.atMs < LEAST_MS) return undefined
  return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs))
}

/** Undefined while it cannot be said: no speed yet, or standing still. */
export function secondsLeft(samples: readonly Sample[], size: number): number | undefined {
  const speed = bytesPerSecond(samples)
  const sent = samples.at(-1)?.bytes ?? 0
  return speed === undefined || speed === 0 ? undefined : Math.max(0, (size - sent) / speed)
}

/** A title to start from: "My_holiday-2026.final.mp4" → "My holiday-2026.final". */
export function titleFromFileName(name: string): string {
  const bare = name
    .replace(/\.[a-z0-9]{1,5}$/i, '')
    .replaceAll('_', ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return (bare === '' ? 'Untitled' : bare).slice(0, 200)
}
