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
    /** Why it failed or is tried again, in words. */
    reason: z.string().nullable(),
    log: z.string().nullable().meta({ description: 'The last lines that ffmpeg wrote before it failed.' }),
    why: z.string().nullable().meta({
      description: 'Why it does not go on, in words: while it waits, and while it is held up.',
      example: '12 others come first.',
    }),
    percent: z.number().nullable().meta({ description: 'While an encoder is at it: 0 to 100.' }),
    speed: z.number().nullable().meta({ description: 'Seconds of video encoded in a second.' }),
    secondsLeft: z.number().nullable(),
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

/** A kind of job, and whether it is stopped. */
export const queue = z
  .object({
    kind: z.string().meta({ example: 'encode-chunk' }),
    paused: z.object({ at: z.iso.datetime(), by: z.string().nullable() }).nullable(),
    waiting: z.int(),
    running: z.int(),
    failed: z.int(),
  })
  .meta({ id: 'Queue' })

export const queueList = z.object({ items: z.array(queue) }).meta({ id: 'QueueList' })

export type Queue = z.infer<typeof queue>
export type Job = z.infer<typeof job>
export type JobList = z.infer<typeof jobList>
