/** /workers: what makes renditions, for administrators. */
import type { Workers } from '../../library/workers.ts'
import type { WorkerRecord } from '../../pipeline/worker-registry.ts'
import { type Worker, worker, workerList } from '../contract/workers.ts'
import { idParams, jsonRoute, type Route } from '../route.ts'

export function workerRoutes(workers: Workers): readonly Route[] {
  const tag = 'Workers'
  const change = (name: 'drain' | 'resume', summary: string, description: string): Route =>
    jsonRoute({
      method: 'post',
      path: `/workers/{id}/${name}`,
      tag,
      summary,
      description,
      access: 'signed-in',
      params: idParams,
      reply: worker,
      problems: [403, 404],
      handle: async ({ asker, params }) => showWorker(await workers[name](asker, params.id)),
    })
  return [
    jsonRoute({
      method: 'get',
      path: '/workers',
      tag,
      summary: 'Workers: what they can do, and how loaded they are',
      description: 'For administrators. Those that are not heard of any more are listed for a day.',
      access: 'signed-in',
      reply: workerList,
      problems: [403],
      handle: async ({ asker }) => ({ items: (await workers.list(asker)).map(showWorker) }),
    }),
    change(
      'drain',
      'Take a worker out of work',
      'Within seconds it takes no more jobs, and hands back what it has: others may have it at once, and no attempt counts.',
    ),
    change('resume', 'Let a drained worker take jobs again', 'Within seconds, after testing itself.'),
  ]
}

function showWorker({ alive, ...record }: WorkerRecord): Worker {
  return {
    ...record,
    kinds: [...record.kinds],
    encoders: [...record.encoders],
    state: alive ? record.state : 'silent',
    trouble: record.trouble ?? null,
    startedAt: record.startedAt.toISOString(),
    seenAt: record.seenAt.toISOString(),
  }
}
