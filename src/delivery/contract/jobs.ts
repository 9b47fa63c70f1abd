/** Wire shapes of the pipeline's jobs, shared with the web. */
import { z } from 'zod'

export const job = z
  .object({
    id: z.string(),
    kind: z.string().meta({ example: 'encode-chunk' }),
    videoId: z.string().nullable(),
    videoTitle: z.string().nullable(),
    /** In words: "480p, seconds 20 to 30". */
    subject: z.string(),
    state: z.enum(['waiting', 'running', 'retrying', 'done', 'failed', 'cancelled']),
    priority: z.int(),
    attempts: z.int(),
    /** Why it failed or waits, in words. */
    reason: z.string().nullable(),
    createdAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Job' })

export const jobList = z
  .object({ items: z.array(job), nextCursor: z.string().nullable() })
  .meta({ id: 'JobList' })

export const jobQuery = z.object({
  state: job.shape.state.optional(),
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

export type Job = z.infer<typeof job>
