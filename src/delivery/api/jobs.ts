/** /jobs: the pipeline's work, for those it is done for. */
import type { Jobs } from '../../library/jobs.ts'
import type { JobRecord } from '../../pipeline/job-catalogue.ts'
import { type Job, job, jobList, jobQuery } from '../contract/jobs.ts'
import { idParams, jsonRoute, type Route } from '../route.ts'

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
