/**
 * GET /api/v1/events: server-sent events. The event's name is `type`, its data the JSON of one of these.
 * `?video=<id>` narrows to one video. Only what the asker may see is sent.
 */
import { z } from 'zod'
import { broadcast } from './broadcasts.ts'
import { job } from './jobs.ts'
import { video } from './videos.ts'

export const serverEvent = z.discriminatedUnion('type', [
  /** A video came, changed state or progress, or was edited. */
  z.object({ type: z.literal('video'), video }),
  z.object({ type: z.literal('video-deleted'), videoId: z.string() }),
  /** Connected, interrupted, back, ended; and every 2 s while live with fresh health. Only to who may manage it. */
  z.object({ type: z.literal('broadcast'), broadcast }),
  /** How far a job is, at most once a second, and that it ended. Only to who may manage its video. */
  z.object({ type: z.literal('job'), job }),
])

export type ServerEvent = z.infer<typeof serverEvent>
