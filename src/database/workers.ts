/** Workers in Postgres. Who is alive is told by the database's clock: machines' own may differ. */
import {
  WORKER_SILENT_MS,
  type WorkerRecord,
  type WorkerRegistry,
  type WorkerState,
} from '../pipeline/worker-registry.ts'
import type { Database } from './client.ts'

interface WorkerRow {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly version: string
  readonly kinds: readonly string[]
  readonly encoders: readonly string[]
  readonly processors: number
  readonly concurrency: number
  readonly running: number
  readonly load: number
  readonly free_bytes: bigint
  readonly state: WorkerState
  readonly trouble: string | null
  readonly held: WorkerRecord['held']
  readonly drain: boolean
  readonly started_at: Date
  readonly seen_at: Date
  readonly alive: boolean
}

export function makeWorkerRegistry(database: Database): WorkerRegistry {
  return {
    async beat(card, pulse) {
      const now = {
        state: pulse.state,
        trouble: pulse.trouble ?? null,
        running: pulse.running,
        load: pulse.load,
        freeBytes: BigInt(Math.round(pulse.freeBytes)),
      }
      const { id, host, pid, version, processors, concurrency } = card
      // Of a clock that goes wrong nothing is taken: raw, so that it is the database's.
      const [row] = await database.$queryRaw<{ drain: boolean }[]>`
        INSERT INTO workers (id, host, pid, version, kinds, encoders, processors, concurrency, running, load, free_bytes, state, trouble, held, seen_at)
        VALUES (${id}, ${host}, ${pid}, ${version}, ${[...card.kinds]}::text[], ${[...card.encoders]}::text[], ${processors}, ${concurrency},
                ${now.running}, ${now.load}::float8, ${now.freeBytes}, ${now.state}::"WorkerState", ${now.trouble}, ${JSON.stringify(pulse.held)}::jsonb, now())
        ON CONFLICT (id) DO UPDATE SET running = excluded.running, load = excluded.load, free_bytes = excluded.free_bytes,
          state = excluded.state, trouble = excluded.trouble, held = excluded.held, seen_at = now()
        RETURNING drain`
      return { drain: row?.drain === true }
    },

    async leave(id) {
      await database.worker.deleteMany({ where: { id } })
    },

    async list() {
      await database.$executeRaw`DELETE FROM workers WHERE seen_at < now() - interval '1 day'`
      const rows = await database.$queryRaw<WorkerRow[]>`
        SELECT *, seen_at > now() - ${WORKER_SILENT_MS}::int * interval '1 millisecond' AS alive
          FROM workers ORDER BY alive DESC, started_at, id`
      return rows.map(readWorker)
    },

    async setDrain(id, drain) {
      const count = await database.$executeRaw`
        UPDATE workers SET drain = ${drain}
         WHERE id = ${id} AND seen_at > now() - ${WORKER_SILENT_MS}::int * interval '1 millisecond'`
      return count > 0
    },

    async othersWork(id) {
      const [row] = await database.$queryRaw<{ others: boolean }[]>`
        SELECT EXISTS (SELECT 1 FROM workers
         WHERE id <> ${id} AND state = 'working' AND NOT drain
           AND seen_at > now() - ${WORKER_SILENT_MS}::int * interval '1 millisecond') AS others`
      return row?.others === true
    },
  }
}

function readWorker({ free_bytes, started_at, seen_at, trouble, ...row }: WorkerRow): WorkerRecord {
  return {
    ...row,
    trouble: trouble ?? undefined,
    freeBytes: Number(free_bytes),
    startedAt: started_at,
    seenAt: seen_at,
  }
}
