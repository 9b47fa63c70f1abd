/** Stopped queues in Postgres. */
import type { JobKind } from '../pipeline/job-kinds.ts'
import { PAUSABLE_KINDS, type QueuePauses } from '../pipeline/queue-pauses.ts'
import type { Database } from './client.ts'

export function makeQueuePauses(database: Database): QueuePauses {
  return {
    async list() {
      const rows = await database.queuePause.findMany({ orderBy: { kind: 'asc' } })
      // Of a kind that an older version had nothing is left to go on.
      return rows.flatMap(({ kind, pausedAt, pausedBy }) =>
        PAUSABLE_KINDS.includes(kind as JobKind) ? [{ kind: kind as JobKind, pausedAt, pausedBy }] : [],
      )
    },
    async isPaused(kind) {
      return (await database.queuePause.count({ where: { kind } })) > 0
    },
    async pause(kind, by) {
      await database.queuePause.createMany({ data: [{ kind, pausedBy: by }], skipDuplicates: true })
    },
    async resume(kind) {
      await database.queuePause.deleteMany({ where: { kind } })
    },
  }
}
