/** /jobs: the pipeline's work, for those it is done for. */
import { z } from 'zod'
import type { Jobs, QueueRecord } from '../../library/jobs.ts'
import type { JobRecord } from '../../pipeline/job-catalogue.ts'
import { type Job, job, jobList, jobQuery, type Queue, queue, queueList } from '../contract/jobs.ts'
import { idParams, jsonRoute, type Route } from '../route.ts'

const queueParams = z.object({ kind: z.string().min(1).max(64) })

export function jobRoutes(jobs: Jobs): readonly Route[] {
  const change = (name: 'retry' | 'cancel', summary: string): Route =>
    jsonRoute({
      method: 'post',
      path: `/jobs/{id}/${name}`,
      tag: 'Jobs',
      summary,
      access: 'signed-in',
      params: idParams,
      reply: job,
      problems: [403, 404, 409],
      handle: async ({ asker, params }) => showJob(await jobs[name](asker, params.id)),
    })
  const changeQueue = (name: 'pause' | 'resume', summary: string, description: string): Route =>
    jsonRoute({
      method: 'post',
      path: `/queues/{kind}/${name}`,
      tag: 'Jobs',
      summary,
      description,
      access: 'signed-in',
      params: queueParams,
      reply: queue,
      problems: [403, 404],
      handle: async ({ asker, params }) => showQueue(await jobs[name](asker, params.kind)),
    })
  return [
    jsonRoute({
      method: 'get',
      path: '/jobs',
      tag: 'Jobs',
      summary: 'The pipeline’s work',
      description: 'Of your own videos; administrators see all.',
      access: 'signed-in',
      query: jobQuery,
      reply: jobList,
      problems: [400],
      async handle({ asker, query }) {
        const { items, nextCursor } = await jobs.list(asker, query)
        return { items: items.map(showJob), nextCursor }
      },
    }),
    change('retry', 'Try a failed job again'),
    change('cancel', 'Cancel a job'),
    jsonRoute({
      method: 'get',
      path: '/queues',
      tag: 'Jobs',
      summary: 'The kinds of jobs, and which are paused',
      description: 'For administrators.',
      access: 'signed-in',
      reply: queueList,
      problems: [403],
      handle: async ({ asker }) => ({ items: (await jobs.queues(asker)).map(showQueue) }),
    }),
    changeQueue(
      'pause',
      'Pause a queue',
      'Nothing of that kind is begun, also after a restart; what is under way ends, and what viewers wait for is made.',
    ),
    changeQueue('resume', 'Resume a queue', 'For administrators.'),
  ]
}

export function showJob(record: JobRecord): Job {
  return {
    ...record,
    createdAt: record.createdAt.toISOString(),
    startedAt: record.startedAt?.toISOString() ?? null,
    finishedAt: record.finishedAt?.toISOString() ?? null,
  }
}

function showQueue({ pause, ...record }: QueueRecord): Queue {
  return { ...record, paused: pause ? { at: pause.pausedAt.toISOString(), by: pause.pausedBy } : null }
}
