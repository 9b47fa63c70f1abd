/** The time, for "5 minutes ago" and time on air; renders again every `everyMs`. */
import { useInterval } from '@mantine/hooks'
import { useState } from 'react'

export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now())
  useInterval(() => setNow(Date.now()), everyMs, { autoInvoke: true })
  return now
}
