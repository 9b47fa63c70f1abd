/** Jobs for people: what of them stands in the rows of chunks and in the queue's table, and what can be done about it. */
import { AppError } from '../kernel/errors.ts'
import type { VideoId } from '../kernel/ids.ts'
import type { JobCatalogue, JobQuery, JobState } from '../pipeline/job-catalogue.ts'
import { ALL_JOB_KINDS, type JobKind, PRIORITY } from '../pipeline/job-kinds.ts'
import { settleVideo } from './chunk-progress.ts'
import { failRenditions } from './chunks.ts'
import type { Database } from './client.ts'
import type { Prisma } from './generated/client.ts'
import { CANCELLED, CHUNK_STATE, type JobFilter, type JobRow, readJob, selectJobs } from './job-rows.ts'
import type { PostgresJobQueue } from './queue.ts'
import { inTransaction } from './transaction.ts'
import { whyTheyWait } from './waiting-reasons.ts'

export function makeJobCatalogue(database: Database, queue: PostgresJobQueue): JobCatalogue {
  const { boss } = queue

  async function findRow(id: string): Promise<JobRow | undefined> {
    const [row] = /^[0-9a-f-]{36}$/i.test(id) ? await selectJobs(database, { id, limit: 1 }) : []
    return row
  }

  async function need(id: string): Promise<JobRow> {
    const row = await findRow(id)
    if (!row) throw new AppError('not-found', 'There is no such job.')
    return row
  }

  async function show(rows: readonly JobRow[]) {
    const why = await whyTheyWait(database, rows)
    return rows.map((row) => readJob(row, why.get(row.id) ?? null))
  }

  return {
    async list(query) {
      const rows = await selectJobs(database, { ...filterOf(query), limit: query.limit + 1 })
      const items = rows.slice(0, query.limit)
      const last = items.at(-1)
      return {
        items: await show(items),
        nextCursor: rows.length > query.limit && last ? encodeCursor(last) : null,
      }
    },

    async count() {
      return database.$queryRaw<{ kind: string; state: JobState; jobs: number }[]>`
        SELECT name AS kind, CASE state::text WHEN 'created' THEN 'waiting' WHEN 'active' THEN 'running' WHEN 'retry' THEN 'retrying' WHEN 'completed' THEN 'done' ELSE state::text END AS state,
               count(*)::int AS jobs
          FROM pgboss.job WHERE name = ANY(${ALL_JOB_KINDS.filter((kind) => kind !== 'encode-chunk')}::text[]) GROUP BY name, state
        UNION ALL
        SELECT 'encode-chunk', ${CHUNK_STATE} AS state, count(*)::int FROM chunks k
         WHERE k.state IN ('waiting', 'encoding', 'failed') GROUP BY 2`
    },

    async find(id) {
      const row = await findRow(id)
      return row && (await show([row]))[0]
    },

    async running(limit) {
      return show(await selectJobs(database, { states: ['running'], limit }))
    },

    async retry(id) {
      const row = await need(id)
      if (row.state !== 'failed' && row.state !== 'cancelled')
        throw new AppError('conflict', 'Only a failed or cancelled job can be run again.')
      const videoId = row.video_id ?? ('' as VideoId)
      await inTransaction(database, async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM videos WHERE id = ${videoId} FOR UPDATE`
        if (row.renditions) await reviveRenditions(tx, queue, videoId, row.renditions)
        // What is made again is made beside the video, which stays what it is.
        await tx.video.updateMany({
          where: { id: videoId, state: row.kind === 'rebuild-video' ? { in: [] } : 'failed' },
          data: {
            state: 'processing',
            failureCode: null,
            failureDetail: null,
            ...(row.kind === 'process-upload' ? { timelineComplete: false } : {}),
          },
        })
        await settleVideo(tx, queue, videoId)
      })
      if (row.of === 'chunk') return
      if (row.state === 'failed') await boss.retry(row.kind, id)
      else await boss.resume(row.kind, id)
    },

    async cancel(id) {
      const row = await need(id)
      if (row.state !== 'waiting' && row.state !== 'retrying' && row.state !== 'running')
        throw new AppError('conflict', 'This job has ended already.')
      if (row.of === 'queue') await boss.cancel(row.kind, id)
      const videoId = row.video_id
      if (videoId === null) return
      await inTransaction(database, async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM videos WHERE id = ${videoId} FOR UPDATE`
        if (row.of === 'chunk') {
          // Whoever is at it finds at its next renewal that it holds nothing.
          const { count } = await tx.chunk.updateMany({
            where: { id, state: { in: ['waiting', 'encoding'] } },
            data: { state: 'failed', attemptId: null, leaseUntil: null, failure: CANCELLED },
          })
          if (count > 0) await failRenditions(tx, videoId, { chunks: { some: { id } } }, CANCELLED)
        } else if (row.kind === 'process-upload') {
          await tx.video.updateMany({
            where: { id: videoId, playable: false, timelineComplete: false },
            data: {
              state: 'failed',
              failureCode: 'cancelled',
              failureDetail: 'Its processing was cancelled.',
            },
          })
        }
        await settleVideo(tx, queue, videoId)
      })
    },

    async cancelAll(videoId) {
      const rows = await database.$queryRaw<{ id: string; name: JobKind; state: string }[]>`
        SELECT id::text, name, state::text FROM pgboss.job
         WHERE name = ANY(${ALL_JOB_KINDS}::text[]) AND name <> 'encode-chunk' AND data->>'videoId' = ${videoId} AND state IN ('created', 'retry', 'active')`
      for (const kind of ALL_JOB_KINDS) {
        const ids = rows.filter(({ name }) => name === kind).map(({ id }) => id)
        if (ids.length > 0) await boss.cancel(kind, ids)
      }
      // Whoever still works on a chunk finds at its next renewal that it holds nothing.
      const { count } = await database.chunk.updateMany({
        where: { videoId, state: { in: ['waiting', 'encoding', 'deferred'] } },
        data: { state: 'failed', attemptId: null, leaseUntil: null, failure: CANCELLED },
      })
      return count > 0 || rows.some(({ state }) => state === 'active')
    },
  }
}

/** Whole renditions come back: their other parts were given up with the one that failed. */
async function reviveRenditions(
  tx: Prisma.TransactionClient,
  queue: PostgresJobQueue,
  videoId: VideoId,
  renditions: readonly string[],
): Promise<void> {
  const names = [...renditions]
  const failed = { videoId, state: 'failed', rendition: { name: { in: names } } } as const
  const parts = await tx.chunk.findMany({ where: failed, distinct: ['index'], select: { index: true } })
  await queue.sendIn(
    tx,
    parts.map(({ index }) => ({
      kind: 'encode-chunk',
      priority: PRIORITY.backfill.rest,
      data: { videoId, index, renditions: names },
    })),
  )
  await tx.chunk.updateMany({
    where: failed,
    data: { state: 'waiting', attempts: 0, deaths: 0, failure: null, log: null, retryAt: null },
  })
  await tx.rendition.updateMany({
    where: { videoId, name: { in: names }, state: 'failed' },
    data: { state: 'encoding', failure: null },
  })
}

function filterOf({ ownerId, videoId, state, cursor }: JobQuery): Omit<JobFilter, 'limit'> {
  return {
    ...(ownerId === undefined ? {} : { ownerId }),
    ...(videoId === undefined ? {} : { videoId }),
    ...(state === undefined ? {} : { states: [state] }),
    ...(cursor === undefined ? {} : { before: decodeCursor(cursor) }),
  }
}

function encodeCursor(job: JobRow): string {
  return Buffer.from(`${job.created_text}|${job.id}`).toString('base64url')
}

function decodeCursor(cursor: string): { readonly createdAt: string; readonly id: string } {
  const [createdAt = '', id = ''] = Buffer.from(cursor, 'base64url').toString('utf8').split('|')
  if (Number.isNaN(Date.parse(createdAt)) || !/^[0-9a-f-]{36}$/i.test(id))
    throw new AppError('bad-request', 'The cursor is not one of ours.')
  return { createdAt, id }
}
