/**
 * Chunks in Postgres. Each arrow of pipeline/chunk-states.ts is a conditional update here; whoever finds
 * no row to update has lost the race and changes nothing. Leases are measured by the database's clock.
 */
import type { VideoId } from '../kernel/ids.ts'
import type { ChunkRecord, ChunkStore } from '../pipeline/catalogue.ts'
import { PRIORITY } from '../pipeline/job-kinds.ts'
import { claimChunks, claimNextChunks } from './chunk-claims.ts'
import { settleVideo } from './chunk-progress.ts'
import type { Database } from './client.ts'
import type { Prisma } from './generated/client.ts'
import { GIVEN_UP_WITH_ANOTHER } from './job-rows.ts'
import type { PostgresJobQueue } from './queue.ts'
import { measureRendition } from './rendition-measure.ts'
import { inTransaction } from './transaction.ts'

/** Turns given at once to chunks that have none. */
const ORPHANS_AT_ONCE = 1000
const RENDITION_NAME = { rendition: { select: { name: true } } } as const

export function makeChunkStore(database: Database, queue: PostgresJobQueue): ChunkStore {
  return {
    claim: (videoId, index, renditions, attemptId, leaseMs) =>
      claimChunks(database, videoId, index, renditions, { id: attemptId, leaseMs }),
    claimNext: (attemptId, leaseMs) => claimNextChunks(database, { id: attemptId, leaseMs }),

    async renew(attemptId, leaseMs, progress) {
      const { made = null, speed = null } = progress ?? {}
      const count = await database.$executeRaw`
        UPDATE chunks SET lease_until = now() + ${leaseMs}::int * interval '1 millisecond',
               progress = coalesce(${made}::float8, progress), speed = coalesce(${speed}::float8, speed)
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
            log: null,
            progress: 1,
            bytes: result.bytes,
            peakBandwidth: Math.round(result.peakBandwidth),
            frames: result.frames,
            ssim: result.ssim ?? null,
            keyframes: result.keyframes.flatMap(({ offset, bytes }) => [offset, bytes]),
          },
        })
        if (count === 0) return false
        await measureRendition(tx, chunkId, result.codecs)
        if (video && !video.playable) {
          const isPicture = await tx.chunk.count({ where: { id: chunkId, rendition: { kind: 'video' } } })
          if (isPicture > 0)
            await tx.video.updateMany({ where: { id: videoId, playable: false }, data: { playable: true } })
        }
        await settleVideo(tx, queue, videoId)
        return true
      })
    },

    async release(chunkId, attemptId, failure, retry) {
      const failed = failure !== undefined
      await database.$executeRaw`
        UPDATE chunks SET state = 'waiting', attempt_id = NULL, lease_until = NULL, progress = 0, speed = NULL, updated_at = now(),
               attempts = CASE WHEN ${failed} THEN attempts ELSE attempts - 1 END,
               failure = CASE WHEN ${failed} THEN ${failure ?? null} ELSE failure END,
               log = CASE WHEN ${failed} THEN ${retry?.log ?? null} ELSE log END,
               retry_at = CASE WHEN ${retry !== undefined} THEN now() + ${retry?.afterMs ?? 0}::int * interval '1 millisecond' END
         WHERE id = ${chunkId} AND attempt_id = ${attemptId} AND state = 'encoding'`
    },

    async fail(videoId, chunkId, attemptId, failure, log) {
      await inTransaction(database, async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM videos WHERE id = ${videoId} FOR UPDATE`
        const { count } = await tx.chunk.updateMany({
          where: { id: chunkId, attemptId, state: 'encoding' },
          data: { state: 'failed', attemptId: null, leaseUntil: null, failure, log: log ?? null },
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
      const lacking = await database.$queryRaw<{ video_id: VideoId; index: number; renditions: string[] }[]>`
        WITH work AS (
          SELECT c.video_id, c.index, array_agg(r.name ORDER BY r.id) AS renditions
            FROM chunks c
            JOIN renditions r ON r.id = c.rendition_id
            JOIN videos v ON v.id = c.video_id
           WHERE v.deleted_at IS NULL AND v.superseded_at IS NULL AND v.shown_edition IS NULL
             AND (c.state = 'waiting' OR (c.state = 'encoding' AND c.lease_until < now()))
           GROUP BY c.video_id, c.index, c.lead)
        SELECT * FROM work ORDER BY video_id, index
         LIMIT ${ORPHANS_AT_ONCE}::int
        OFFSET (SELECT count(*) FROM pgboss.job WHERE name = 'encode-chunk' AND state IN ('created', 'retry'))`
      await queue.send(
        lacking.map(({ video_id, index, renditions }) => ({
          kind: 'encode-chunk',
          priority: PRIORITY.backfill.rest,
          data: { videoId: video_id, index, renditions },
        })),
      )
      return lacking.length
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
    where: { renditionId: { in: ids }, state: { in: ['waiting', 'deferred'] } },
    data: { state: 'failed', failure: GIVEN_UP_WITH_ANOTHER },
  })
  await tx.rendition.updateMany({
    where: { id: { in: ids }, state: { not: 'failed' } },
    data: { state: 'failed', failure },
  })
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
    frames: row.frames ?? undefined,
    ssim: row.ssim ?? undefined,
    failure: row.failure ?? undefined,
  }
}
