/** Why jobs wait, in words for people: asked only for those that are shown. */
import type { JobKind } from '../pipeline/job-kinds.ts'
import { WORKER_SILENT_MS } from '../pipeline/worker-registry.ts'
import type { Database } from './client.ts'
import { AT_WORK, TIER } from './encode-order.ts'
import { Prisma } from './generated/client.ts'
import type { JobRow } from './job-rows.ts'

/** From so many waiting chunks on nobody is told their place to the last digit. */
const COUNTED_CHUNKS = 50_000

interface WorkerRow {
  readonly state: string
  readonly trouble: string | null
  readonly drain: boolean
  readonly held: Readonly<Record<string, string>>
}

/** By the job's id. Jobs that are getting on are not in it. */
export async function whyTheyWait(
  database: Database,
  rows: readonly JobRow[],
): Promise<ReadonlyMap<string, string>> {
  const open = rows.filter(({ state }) => state === 'waiting' || state === 'retrying' || state === 'running')
  if (open.length === 0) return new Map()
  const [pauses, workers, places] = await Promise.all([
    database.queuePause.findMany(),
    database.$queryRaw<WorkerRow[]>`
      SELECT state, trouble, drain, held FROM workers WHERE seen_at > now() - ${WORKER_SILENT_MS}::int * interval '1 millisecond'`,
    readPlaces(database, open),
  ])
  const pausedAt = new Map(pauses.map(({ kind, pausedAt: at }) => [kind, at]))
  const why = new Map<string, string>()
  for (const row of open) {
    const paused = pausedAt.get(row.kind)
    const said =
      row.state === 'running'
        ? heldUp(row, paused, workers)
        : row.retry_at !== null && row.retry_at.getTime() > Date.now()
          ? `It is tried again at ${row.retry_at.toISOString().slice(11, 19)} UTC.`
          : paused
            ? 'An administrator has paused this queue.'
            : (noWorker(row.kind, workers) ?? places.get(row.id))
    if (said !== undefined) why.set(row.id, said)
  }
  return why
}

/** Taken by a worker, and not begun: it waits there. Chunks are taken only when they are begun. */
function heldUp(
  { of, kind, video_id, started_on }: JobRow,
  paused: Date | undefined,
  workers: readonly WorkerRow[],
): string | undefined {
  if (of === 'chunk') return undefined
  if (paused && started_on && started_on >= paused) return 'An administrator has paused this queue.'
  const what = `${kind} ${video_id}`
  return sentence(workers.find(({ held }) => held[what] !== undefined)?.held[what])
}

function noWorker(kind: JobKind, workers: readonly WorkerRow[]): string | undefined {
  if (workers.length === 0) return 'No worker is running.'
  const working = workers.filter(({ state }) => state === 'working')
  if (working.length === 0) {
    const trouble = workers.find((worker) => worker.trouble !== null)?.trouble
    return trouble
      ? `No worker can work: ${trouble}`
      : 'Every worker is drained: an administrator has to let one work.'
  }
  if (working.every(({ held }) => held[kind] !== undefined)) return sentence(working[0]?.held[kind])
  return undefined
}

function sentence(words: string | undefined): string | undefined {
  if (words === undefined || words === '') return undefined
  const whole = `${words.charAt(0).toUpperCase()}${words.slice(1)}`
  return /[.!?]$/.test(whole) ? whole : `${whole}.`
}

async function readPlaces(database: Database, rows: readonly JobRow[]): Promise<ReadonlyMap<string, string>> {
  const waiting = rows.filter(({ state }) => state !== 'running')
  const places = new Map<string, number>()
  const queued = waiting.filter(({ of }) => of === 'queue')
  if (queued.length > 0) {
    const ahead = await database.$queryRaw<{ id: string; ahead: number }[]>`
      SELECT id, ahead FROM (
        SELECT id::text, (row_number() OVER (PARTITION BY name ORDER BY priority DESC, created_on, id) - 1)::int AS ahead
          FROM pgboss.job WHERE name = ANY(${[...new Set(queued.map(({ kind }) => kind))]}::text[]) AND state IN ('created', 'retry')) o
       WHERE id = ANY(${queued.map(({ id }) => id)}::text[])`
    for (const { id, ahead: count } of ahead) places.set(id, count)
  }
  const chunks = waiting.filter(({ of }) => of === 'chunk')
  if (chunks.length > 0) {
    const [counted] = await database.$queryRaw<{ chunks: number }[]>`
      SELECT count(*)::int AS chunks FROM (SELECT 1 FROM chunks WHERE state = 'waiting' LIMIT ${COUNTED_CHUNKS}::int) c`
    if ((counted?.chunks ?? 0) >= COUNTED_CHUNKS)
      return new Map(chunks.map(({ id }) => [id, `It waits with more than ${COUNTED_CHUNKS} others.`]))
    for (const { id, ahead } of await database.$queryRaw<{ id: string; ahead: number }[]>(aheadOf(chunks)))
      places.set(id, ahead)
  }
  return new Map([...places].map(([id, ahead]) => [id, wordsFor(ahead)]))
}

function wordsFor(ahead: number): string {
  if (ahead === 0) return 'It is next.'
  return ahead === 1 ? 'One other comes first.' : `${ahead} others come first.`
}

/** As database/encode-order.ts takes them, were nothing added: creators in turns, which is their nth for each. */
const aheadOf = (chunks: readonly JobRow[]) => Prisma.sql`
  WITH at_work AS (${AT_WORK}),
  groups AS (SELECT DISTINCT video_id, index, lead FROM chunks WHERE state = 'waiting'),
  placed AS (
    SELECT k.*, ${TIER} AS tier, h.owner_id, h.encode_turn_at, coalesce(b.attempts, 0) AS attempts,
           row_number() OVER (PARTITION BY ${TIER}, h.owner_id ORDER BY k.index, k.video_id) AS turn
      FROM groups k JOIN videos v ON v.id = k.video_id JOIN channels h ON h.id = v.channel_id
      LEFT JOIN at_work b ON b.owner_id = h.owner_id
     WHERE v.deleted_at IS NULL AND v.superseded_at IS NULL AND v.shown_edition IS NULL),
  ordered AS (
    SELECT *, (row_number() OVER (ORDER BY tier, turn + attempts, encode_turn_at NULLS FIRST, index, video_id) - 1)::int AS ahead FROM placed)
  SELECT c.id, o.ahead FROM ordered o
    JOIN chunks c ON c.video_id = o.video_id AND c.index = o.index AND c.lead = o.lead
   WHERE c.id = ANY(${chunks.map(({ id }) => id)}::text[])`
