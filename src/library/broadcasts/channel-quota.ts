/** How much a channel may store. Asked before a broadcast or an upload begins: a broadcast on air is let finish. */
export interface ChannelStorage {
  /** Of recordings, uploads and renditions. */
  readonly storedBytes: number
  /** Undefined: none of its own, the default counts. 0: no limit. */
  readonly quotaBytes: number | undefined
}

/**
 * Undefined while there is room; else why not, in words. `defaultQuotaBytes` 0: no limit. `addedBytes`: what is to
 * come, where that is known.
 */
export function quotaRefusal(
  { storedBytes, quotaBytes }: ChannelStorage,
  defaultQuotaBytes: number,
  addedBytes = 0,
): string | undefined {
  const limit = quotaBytes ?? defaultQuotaBytes
  if (limit === 0 || (storedBytes < limit && storedBytes + addedBytes <= limit)) return undefined
  if (storedBytes < limit)
    return `Your channel's storage has ${shown(limit - storedBytes)} left of ${shown(limit)}, and this would be ${shown(addedBytes)}. Delete videos in the studio, or ask the administrator for more.`
  return `Your channel's storage is full: ${shown(storedBytes)} of ${shown(limit)}. Delete videos in the studio, or ask the administrator for more.`
}

/** Decimal units, as in the studio. */
function shown(bytes: number): string {
  const [unit, size] = bytes >= 1e9 ? (['GB', 1e9] as const) : (['MB', 1e6] as const)
  return `${(bytes / size).toFixed(1)} ${unit}`
}
