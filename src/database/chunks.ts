/**
 * Chunks in Postgres. Each arrow of pipeline/chunk-states.ts is a conditional update here; whoever finds
 * no row to update has lost the race and changes nothing. Leases are measured by the database's clock.
 */
import type { VideoId } from '../kernel/ids.ts'
import type { ChunkRecord, ChunkStore, ClaimedChunk } from '../pipeline/catalogue.ts'
import { chunkPriority, PRIORITY } from '../pipeline/job-kinds.ts'
import type { RenditionSettings } from '../pipeline/ladder.ts'
import { settleVideo } from './chunk-progress.ts'
import type { Database } from './client.ts'
import type { Prisma } from './generated/client.ts'
import type { PostgresJobQueue } from './queue.ts'
import { inTransaction } from './transaction.ts'

interface ClaimRow {
  readonly id: string
  readonly rendition: string
  readonly settings: RenditionSettings
  readonly index: number
  readonly first_segment: number
  readonly segment_count: number
  readonly start_seconds: number
  readonly duration_seconds: number
  readonly attempts: number
  readonly begun: boolean
}

const RENDITION_NAME = { rendition: { select: { name: true } } } as const

export function makeChunkStore(database: Database, queue: PostgresJobQueue): ChunkStore {
  return {
    async claim(videoId, index, renditions, attemptId, leaseMs) {
      return inTransaction(database, async (tx) => {
        const rows = await tx.$queryRaw<ClaimRow[]>`
          UPDATE chunks c
             SET state = 'encoding', attempt_id = ${attemptId}, attempts = c.attempts + 1, updated_at = now(),
                 lease_until = now() + ${leaseMs}::int * interval '1 millisecond'
            FROM renditions r
           WHERE r.id = c.rendition_id AND c.id IN (
             SELECT k.id FROM chunks k
               JOIN renditions q ON q.id = k.rendition_id
               JOIN videos v ON v.id = k.video_id
              WHERE k.video_id = ${videoId} AND k.index = ${index} AND q.name = ANY(${[...renditions]}::text[]) AND v.deleted_at IS NULL
                AND (k.state = 'waiting' OR (k.state = 'encoding' AND k.lease_until < now()))
                FOR UPDATE OF k SKIP LOCKED)
          RETURNING c.id, r.name AS rendition, r.settings, c.index, c.first_segment, c.segment_count, c.start_seconds, c.duration_seconds, c.attempts,
                    EXISTS (SELECT 1 FROM chunks m WHERE m.rendition_id = c.rendition_id AND m.state = 'ready') AS begun`
        const names = rows.map(({ rendition }) => rendition)
        if (names.length > 0)
          await tx.rendition.updateMany({
            where: { videoId, name: { in: names }, state: 'planned' },
            data: { state: 'encoding' },
          })
        const others = await tx.chunk.findMany({
          where: {
            videoId,
            index,
            rendition: { name: { in: [...renditions] } },
            state: { in: ['encoding', 'failed'] },
            NOT: { attemptId },
          },
          select: { state: true, failure: true },
        })
        return {
          claimed: rows.map(readClaim),
          held: others.filter(({ state }) => state === 'encoding').length,
          failures: others
            .filter(({ state }) => state === 'failed')
            .map(({ failure }) => failure ?? 'It could not be made.'),
        }
      })
    },

    async renew(attemptId, leaseMs) {
      const count = await database.$executeRaw`
        UPDATE chunks SET lease_until = now() + ${leaseMs}::int * interval '1 millisecond'
         WHERE attempt_id = ${attemptId} AND state = 'encoding'`
      return count > 0
    },

    async complete(videoId, chunkId, attemptId, result) {
      return inTransaction(database, async (tx) => {
        const [video] = await tx.$queryRaw<
          { playable: boolean; timeline_kind: string | null }[]
        >`SELECT playable, timeline_kind::text FROM videos WHERE id = ${videoId} FOR UPDATE`
        const { count } = await tx.chunk.updateMany({
          where: { id: chunkId, attemptId, state: 'encoding' },
          data: {
            state: 'ready',
            attemptId: null,
            leaseUntil: null,
            failure: null,
            bytes: result.bytes,
            peakBandwidth: Math.round(result.peakBandwidth),
          },
        })
        if (count === 0) return false
        await tx.rendition.updateMany({
          where: { chunks: { some: { id: chunkId } }, codecs: { not: result.codecs } },
          data: { codecs: result.codecs },
        })
        if (video && !video.playable) {
          const isPicture = await tx.chunk.count({ where: { id: chunkId, rendition: { kind: 'video' } } })
          if (isPicture > 0)
            await tx.video.updateMany({ where: { id: videoId, playable: false }, data: { playable: true } })
        }
        await settleVideo(tx, queue, videoId)
        return true
      })
    },

    async release(chunkId, attemptId, failure) {
      await database.chunk.updateMany({
        where: { id: chunkId, attemptId, state: 'encoding' },
        data: {
          state: 'waiting',
          attemptId: null,
          leaseUntil: null,
          ...(failure === undefined ? { attempts: { decrement: 1 } } : { failure }),
        },
      })
    },

    async fail(videoId, chunkId, attemptId, failure) {
      await inTransaction(database, async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM videos WHERE id = ${videoId} FOR UPDATE`
        const { count } = await tx.chunk.updateMany({
          where: { id: chunkId, attemptId, state: 'encoding' },
          data: { state: 'failed', attemptId: null, leaseUntil: null, failure },
        })
        if (count > 0) await failRenditions(tx, videoId, { chunks: { some: { id: chunkId } } }, failure)
        await settleVideo(tx, queue, videoId)
      })
    },

    async list(videoId) {
      const rows = await database.chunk.findMany({
        where: { videoId },
        include: RENDITION_NAME,
        orderBy: { index: 'asc' },
      })
      return rows.map(readChunk)
    },

    async find(videoId, rendition, segment) {
      const row = await database.chunk.findFirst({
        where: { videoId, rendition: { name: rendition }, firstSegment: { lte: segment } },
        include: RENDITION_NAME,
        orderBy: { firstSegment: 'desc' },
      })
      return row && segment < row.firstSegment + row.segmentCount ? readChunk(row) : undefined
    },

    async findForInit(videoId, rendition) {
      const [row] = await database.$queryRaw<{ id: string }[]>`
        SELECT c.id FROM chunks c JOIN renditions r ON r.id = c.rendition_id JOIN videos v ON v.id = c.video_id
         WHERE c.video_id = ${videoId} AND r.name = ${rendition}
         ORDER BY array_position(ARRAY['ready', 'encoding', 'waiting', 'failed'], c.state::text),
                  CASE WHEN v.timeline_complete THEN c.index ELSE -c.index END
         LIMIT 1`
      const chunk =
        row && (await database.chunk.findUnique({ where: { id: row.id }, include: RENDITION_NAME }))
      return chunk ? readChunk(chunk) : undefined
    },

    async requeueOrphans() {
      const orphans = await database.$queryRaw<
        { video_id: string; index: number; renditions: string[]; origin: string }[]
      >`
        WITH asked AS (
          SELECT j.data->>'videoId' AS video_id, (j.data->>'index')::int AS index, name.value AS rendition
            FROM pgboss.job j, jsonb_array_elements_text(j.data->'renditions') AS name(value)
           WHERE j.name IN ('encode-chunk', 'encode-now') AND j.state IN ('created', 'retry', 'active'))
        SELECT c.video_id, c.index, array_agg(r.name ORDER BY r.id) AS renditions, min(v.origin::text) AS origin
          FROM chunks c
          JOIN renditions r ON r.id = c.rendition_id
          JOIN videos v ON v.id = c.video_id
         WHERE v.deleted_at IS NULL AND (c.state = 'waiting' OR (c.state = 'encoding' AND c.lease_until < now()))
           AND NOT EXISTS (SELECT 1 FROM asked a WHERE a.video_id = c.video_id AND a.index = c.index AND a.rendition = r.name)
         GROUP BY c.video_id, c.index`
      await queue.send(
        orphans.map(({ video_id, index, renditions, origin }) => ({
          kind: 'encode-chunk',
          priority: chunkPriority(origin === 'upload' ? PRIORITY.upload.lead : PRIORITY.replay.lead, index),
          data: { videoId: video_id as VideoId, index, renditions },
        })),
      )
      return orphans.length
    },
  }
}

/** A rendition with a hole is no rendition: what of it still waits is not worth making. */
export async function failRenditions(
  tx: Prisma.TransactionClient,
  videoId: VideoId,
  which: Prisma.RenditionWhereInput,
  failure: string,
): Promise<void> {
  const renditions = await tx.rendition.findMany({ where: { videoId, ...which }, select: { id: true } })
  const ids = renditions.map(({ id }) => id)
  await tx.chunk.updateMany({
    where: { renditionId: { in: ids }, state: 'waiting' },
    data: { state: 'failed', failure: 'Another part of this quality could not be made.' },
  })
  await tx.rendition.updateMany({
    where: { id: { in: ids }, state: { not: 'failed' } },
    data: { state: 'failed', failure },
  })
}

function readClaim(row: ClaimRow): ClaimedChunk {
  return {
    id: row.id,
    rendition: row.rendition,
    settings: row.settings,
    attempts: row.attempts,
    begun: row.begun,
    range: {
      index: row.index,
      firstSegment: row.first_segment,
      segmentCount: row.segment_count,
      startSeconds: row.start_seconds,
      durationSeconds: row.duration_seconds,
    },
  }
}

function readChunk(row: Prisma.ChunkGetPayload<{ include: typeof RENDITION_NAME }>): ChunkRecord {
  return {
    rendition: row.rendition.name,
    range: {
      index: row.index,
      firstSegment: row.firstSegment,
      segmentCount: row.segmentCount,
      startSeconds: row.startSeconds,
      durationSeconds: row.durationSeconds,
    },
    state: row.state,
    bytes: row.bytes ?? 0,
    peakBandwidth: row.peakBandwidth ?? 0,
    failure: row.failure ?? undefined,
  }
}
