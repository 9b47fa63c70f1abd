/**
 * The server's events (GET /api/v1/events) kept flowing into the cache, so that every page shows
 * what is true now without asking. One connection for a tab, none while the tab is hidden: browsers
 * grant only six to a site over HTTP/1.1, and tabs left open must not use them up.
 */
import type { QueryClient } from '@tanstack/react-query'
import { type ServerEvent, serverEvent } from '../../../src/delivery/contract/events.ts'
import { api } from '../paths/paths.ts'
import { applyServerEvent } from './apply-server-event.ts'
import { broadcastKeys } from './broadcasts.ts'
import { videoKeys } from './videos.ts'

const EVENT_TYPES = [
  'video',
  'video-deleted',
  'broadcast',
  'job',
] as const satisfies readonly ServerEvent['type'][]
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 30_000

/** Listens until `signal` is aborted. */
export function followServerEvents(queryClient: QueryClient, signal: AbortSignal): void {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let retryMs = FIRST_RETRY_MS
  let opened = false

  const close = () => {
    clearTimeout(timer)
    source?.close()
    source = undefined
  }
  const open = () => {
    close()
    if (signal.aborted || document.hidden) return
    const current = new EventSource(api.events)
    source = current
    current.addEventListener('open', () => {
      retryMs = FIRST_RETRY_MS
      // What happened while nobody listened is in no event.
      if (opened) void refresh(queryClient)
      opened = true
    })
    current.addEventListener('error', () => {
      // The browser tries again by itself only after some failures, and never after an error status.
      if (current.readyState !== EventSource.CLOSED || source !== current) return
      close()
      timer = setTimeout(open, retryMs)
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)
    })
    for (const type of EVENT_TYPES) current.addEventListener(type, (message) => receive(queryClient, message))
  }

  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()), { signal })
  window.addEventListener('online', open, { signal })
  signal.addEventListener('abort', close)
  open()
}

function receive(queryClient: QueryClient, message: MessageEvent): void {
  const parsed = serverEvent.safeParse(JSON.parse(String(message.data)))
  if (parsed.success) applyServerEvent(queryClient, parsed.data)
}

async function refresh(queryClient: QueryClient): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: videoKeys.all }),
    queryClient.invalidateQueries({ queryKey: broadcastKeys.all }),
  ])
}
