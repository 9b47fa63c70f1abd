/** Jobs for people, read from pg-boss's table, with what they are about from the catalogue. */
import { AppError } from '../kernel/errors.ts'
import type { VideoId } from '../kernel/ids.ts'
import type { JobCatalogue, JobQuery, JobRecord, JobState } from '../pipeline/job-catalogue.ts'
import { ALL_JOB_KINDS, type JobKind } from '../pipeline/job-kinds.ts'
import { settleVideo } from './chunk-progress.ts'
import { failRenditions } from './chunks.ts'
import type { Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import type { PostgresJobQueue } from './queue.ts'
import { inTransaction } from './transaction.ts'

interface JobRow {
  readonly id: string
  readonly name: JobKind
  readonly data: {
    readonly videoId?: VideoId
    readonly index?: number
    readonly renditions?: readonly string[]
  }
  readonly state: string
  readonly priority: number
  readonly retry_count: number
  readonly output: { readonly message?: string } | null
  readonly created_on: Date
  /** To the microsecond, for cursors. */
  readonly created_text: string
  readonly started_on: Date | null
  readonly completed_on: Date | null
  readonly title: string | null
  readonly start_seconds: number | null
  readonly duration_seconds: number | null
}

const STATES: Readonly<Record<string, JobState>> = {
  created: 'waiting',
  active: 'running',
  retry: 'retrying',
  completed: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
}

const CANCELLED = 'It was cancelled.'

export function makeJobCatalogue(database: Database, queue: PostgresJobQueue): JobCatalogue {
  const { boss } = queue

  async function select(where: Prisma.Sql, limit: number): Promise<JobRow[]> {
    return database.$queryRaw<JobRow[]>`
      SELECT j.id::text, j.name, j.data, j.state::text, j.priority, j.retry_count, j.output, j.created_on, j.created_on::text AS created_text, j.started_on, j.completed_on,
             v.title, c.start_seconds, c.duration_seconds
        FROM pgboss.job j
        LEFT JOIN videos v ON v.id = j.data->>'videoId'
        LEFT JOIN LATERAL (SELECT k.start_seconds, k.duration_seconds FROM chunks k
                            WHERE k.video_id = j.data->>'videoId' AND k.index = (j.data->>'index')::int LIMIT 1) c ON true
       WHERE j.name = ANY(${ALL_JOB_KINDS}::text[]) AND ${where}
       ORDER BY j.created_on DESC, j.id DESC
       LIMIT ${limit}`
  }

  async function need(id: string): Promise<JobRow> {
    const [row] = /^[0-9a-f-]{36}$/i.test(id) ? await select(Prisma.sql`j.id = ${id}::uuid`, 1) : []
    if (!row) throw new AppError('not-found', 'There is no such job.')
    return row
  }

  /** The rows a chunk job is about. */
  const chunksOf = (row: JobRow): Prisma.ChunkWhereInput => ({
    videoId: row.data.videoId ?? '',
    index: row.data.index ?? -1,
    rendition: { name: { in: [...(row.data.renditions ?? [])] } },
  })

  return {
    async list(query) {
      const rows = await select(conditions(query), query.limit + 1)
      const items = rows.slice(0, query.limit)
      const last = items.at(-1)
      return {
        items: items.map(readJob),
        nextCursor: rows.length > query.limit && last ? encodeCursor(last) : null,
      }
    },

    async count() {
      const rows = await database.$queryRaw<{ name: string; state: string; jobs: number }[]>`
        SELECT name, state::text, count(*)::int AS jobs FROM pgboss.job
         WHERE name = ANY(${ALL_JOB_KINDS}::text[]) GROUP BY name, state`
      return rows.map(({ name, state, jobs }) => ({ kind: name, state: STATES[state] ?? 'waiting', jobs }))
    },

    async find(id) {
      const [row] = /^[0-9a-f-]{36}$/i.test(id) ? await select(Prisma.sql`j.id = ${id}::uuid`, 1) : []
      return row && readJob(row)
    },

    async retry(id) {
      const row = await need(id)
      if (row.state !== 'failed' && row.state !== 'cancelled')
        throw new AppError('conflict', 'Only a failed or cancelled job can be run again.')
      const videoId = row.data.videoId ?? ('' as VideoId)
      await inTransaction(database, async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM videos WHERE id = ${videoId} FOR UPDATE`
        if (row.name === 'encode-chunk' || row.name === 'encode-now') {
          // The whole rendition comes back: its other parts were given up with this one.
          const renditions = [...(row.data.renditions ?? [])]
          const others = await tx.chunk.findMany({
            where: {
              videoId,
              state: 'failed',
              index: { not: row.data.index ?? -1 },
              rendition: { name: { in: renditions } },
            },
            distinct: ['index'],
            select: { index: true },
          })
          await queue.sendIn(
            tx,
            others.map(({ index }) => ({
              kind: 'encode-chunk',
              priority: row.priority,
              data: { videoId, index, renditions },
            })),
          )
          await tx.chunk.updateMany({
            where: { videoId, state: 'failed', rendition: { name: { in: renditions } } },
            data: { state: 'waiting', attempts: 0, failure: null },
          })
          await tx.rendition.updateMany({
            where: { videoId, name: { in: renditions }, state: 'failed' },
            data: { state: 'encoding', failure: null },
          })
        }
        // What is made again is made beside the video, which stays what it is.
        await tx.video.updateMany({
          where: { id: videoId, state: row.name === 'rebuild-video' ? { in: [] } : 'failed' },
          data: {
            state: 'processing',
            failureCode: null,
            failureDetail: null,
            ...(row.name === 'process-upload' ? { timelineComplete: false } : {}),
          },
        })
        await settleVideo(tx, queue, videoId)
      })
      if (row.state === 'failed') await boss.retry(row.name, id)
      else await boss.resume(row.name, id)
    },

    async cancel(id) {
      const row = await need(id)
      if (!['created', 'retry', 'active'].includes(row.state))
        throw new AppError('conflict', 'This job has ended already.')
      await boss.cancel(row.name, id)
      const { videoId } = row.data
      if (!videoId) return
      await inTransaction(database, async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM videos WHERE id = ${videoId} FOR UPDATE`
        // That of a viewer who waits is a second one: the chunk has its own.
        if (row.name === 'encode-chunk') {
          const where = chunksOf(row)
          const { count } = await tx.chunk.updateMany({
            where: { ...where, state: { in: ['waiting', 'encoding'] } },
            data: { state: 'failed', attemptId: null, leaseUntil: null, failure: CANCELLED },
          })
          if (count > 0)
            await failRenditions(tx, videoId, { chunks: { some: { ...where, state: 'failed' } } }, CANCELLED)
        } else if (row.name === 'process-upload') {
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
         WHERE name = ANY(${ALL_JOB_KINDS}::text[]) AND data->>'videoId' = ${videoId} AND state IN ('created', 'retry', 'active')`
      for (const kind of ALL_JOB_KINDS) {
        const ids = rows.filter(({ name }) => name === kind).map(({ id }) => id)
        if (ids.length > 0) await boss.cancel(kind, ids)
      }
      // Whoever still works on a chunk finds at its next renewal that it holds nothing.
      const { count } = await database.chunk.updateMany({
        where: { videoId, state: { in: ['waiting', 'encoding'] } },
        data: { state: 'failed', attemptId: null, leaseUntil: null, failure: CANCELLED },
      })
      return count > 0 || rows.some(({ state }) => state === 'active')
    },
  }
}

function conditions(query: JobQuery): Prisma.Sql {
  const all: Prisma.Sql[] = [Prisma.sql`true`]
  if (query.ownerId)
    all.push(Prisma.sql`v.channel_id IN (SELECT id FROM channels WHERE owner_id = ${query.ownerId})`)
  if (query.videoId)
    all.push(
      Prisma.sql`j.data->>'videoId' IN (SELECT id FROM videos WHERE id = ${query.videoId} OR edition_of = ${query.videoId})`,
    )
  if (query.state) {
    const state = Object.keys(STATES).find((name) => STATES[name] === query.state)
    all.push(Prisma.sql`j.state::text = ${state}`)
  }
  if (query.cursor) {
    const { createdAt, id } = decodeCursor(query.cursor)
    all.push(Prisma.sql`(j.created_on, j.id) < (${createdAt}::timestamptz, ${id}::uuid)`)
  }
  return Prisma.join(all, ' AND ')
}

function readJob(row: JobRow): JobRecord {
  const state = STATES[row.state] ?? 'waiting'
  const started = state !== 'waiting'
  return {
    id: row.id,
    kind: row.name,
    videoId: row.data.videoId ?? null,
    videoTitle: row.title,
    subject: subjectOf(row),
    state,
    priority: row.priority,
    attempts: row.retry_count + (started && state !== 'retrying' ? 1 : 0),
    reason:
      state === 'failed' || state === 'retrying'
        ? (row.output?.message ?? 'The worker that ran it is gone.')
        : state === 'cancelled'
          ? CANCELLED
          : null,
    createdAt: row.created_on,
    startedAt: row.started_on,
    finishedAt: row.completed_on,
  }
}

function subjectOf(row: JobRow): string {
  if (row.name === 'process-upload') return 'look at the file and decide how it is played'
  if (row.name === 'rebuild-video') return 'make everything again from the recording'
  if (row.name === 'complete-replay') return 'complete the replay from the recording'
  if (row.name === 'make-poster') return 'poster'
  if (row.name === 'make-storyboard') return 'pictures for the seek bar and the preview'
  if (row.name === 'find-captions') return 'captions and chapters that came with it'
  if (row.name === 'recognise-speech') return 'speech to text'
  if (row.name === 'measure-sound') return 'waveform and loudness'
  if (row.name === 'finish-video') return 'measure and publish'
  const names = (row.data.renditions ?? []).join(', ')
  if (row.start_seconds === null || row.duration_seconds === null)
    return `${names}, part ${row.data.index ?? '?'}`
  return `${names}, seconds ${Math.round(row.start_seconds)} to ${Math.round(row.start_seconds + row.duration_seconds)}`
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
