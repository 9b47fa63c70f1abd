/** GET /events: server-sent events. */
import { z } from 'zod'
import { AppError } from '../../kernel/errors.ts'
import type { VideoId } from '../../kernel/ids.ts'
import { serverEvent } from '../contract/events.ts'
import { type EventsHub, MAX_LISTENERS } from '../events-hub.ts'
import { parseInput } from '../problem.ts'
import { type Route, rawRoute } from '../route.ts'

const query = z.object({
  video: z.string().max(64).optional().meta({ description: 'Only of this video.' }),
})
/** What the browser waits before it comes back. */
const RETRY_MS = 2000
/** Then the browser comes back with whoever is signed in by then. */
const MAX_LISTENING_MS = 30 * 60_000

export function eventRoutes(hub: EventsHub): readonly Route[] {
  return [
    rawRoute({
      method: 'get',
      path: '/events',
      tag: 'Events',
      summary: 'What changes, as it changes',
      description:
        'Server-sent events: the name is the `type`, the data its JSON. Only what you may see is sent; progress at most twice a second for each video.',
      access: 'anyone',
      query,
      status: 200,
      rawReply: {
        type: 'text/event-stream',
        schema: serverEvent,
        description: 'Events, until you close the connection',
      },
      problems: [429],
      async serve(req, res, asker) {
        const { video } = parseInput(query, req.query, 'query')
        if (hub.size >= MAX_LISTENERS) {
          throw new AppError('too-many-requests', 'Too many pages listen already.', {
            fields: { retryAfterSeconds: 30 },
          })
        }
        res.status(200).set({
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store, no-transform',
          'x-accel-buffering': 'no',
        })
        if (req.method === 'HEAD') {
          res.end()
          return
        }
        res.write(`retry: ${RETRY_MS}\n\n`)
        const leave = hub.join(asker, res, video as VideoId | undefined)
        const enough = setTimeout(() => res.end(), MAX_LISTENING_MS)
        res.once('close', () => {
          clearTimeout(enough)
          leave()
        })
        // A connection that breaks is a page that was closed.
        res.once('error', leave)
      },
    }),
  ]
}
