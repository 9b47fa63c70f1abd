/** Where playback starts: the address's `t`, else where this browser left off. */

/** Seconds from "90", "90s", "1m30s", "1h2m3s" or "1:02:03". Undefined for anything else. */
export function parseStart(text: string): number | undefined {
  const clock = /^(?:(\d+):)?(\d{1,3}):(\d{1,2})$/.exec(text)
  if (clock) return Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3])
  const units = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?$/.exec(text)
  if (text === '' || !units) return undefined
  return Number(units[1] ?? 0) * 3600 + Number(units[2] ?? 0) * 60 + Number(units[3] ?? 0)
}

/** So little is not worth resuming, so near the end means watched. */
const RESUME_FROM_SECONDS = 5
const WATCHED_BEFORE_END_SECONDS = 10
const KEPT_VIDEOS = 200
const KEY = 'reprise-positions'

type Positions = Record<string, number>

/** Whether a video left at `seconds` of `duration` is taken up there again. */
export function worthResuming(seconds: number, duration: number | null): boolean {
  return (
    seconds >= RESUME_FROM_SECONDS && (duration === null || seconds < duration - WATCHED_BEFORE_END_SECONDS)
  )
}

/** The store may be full, or forbidden: a position is then not remembered, and nothing else suffers. */
export function readPosition(storage: Pick<Storage, 'getItem'>, videoId: string): number | undefined {
  return readAll(storage)[videoId]
}

/** `seconds` undefined forgets it. Remembers the KEPT_VIDEOS watched last. */
export function keepPosition(
  storage: Pick<Storage, 'getItem' | 'setItem'>,
  videoId: string,
  seconds: number | undefined,
): void {
  const { [videoId]: _, ...others } = readAll(storage)
  const entries = Object.entries(others).slice(-(KEPT_VIDEOS - 1))
  if (seconds !== undefined) entries.push([videoId, Math.floor(seconds)])
  try {
    storage.setItem(KEY, JSON.stringify(Object.fromEntries(entries)))
  } catch {
    // Private windows and full stores: see above.
  }
}

function readAll(storage: Pick<Storage, 'getItem'>): Positions {
  try {
    const value: unknown = JSON.parse(storage.getItem(KEY) ?? '{}')
    if (typeof value !== 'object' || value === null) return {}
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
    )
  } catch {
    return {}
  }
}
