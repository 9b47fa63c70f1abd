/** Renditions nobody watches, in Postgres: finding them, and holding their chunks while their files go. */
import type { VideoId } from '../kernel/ids.ts'
import type { EvictionStore } from '../pipeline/rendition-keeper.ts'
import type { RenditionPolicy } from '../pipeline/rendition-policy.ts'
import type { Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import { inTransaction } from './transaction.ts'

export function makeEvictionStore(database: Database, site: RenditionPolicy): EvictionStore {
  /** Of a rendition `r`. What was never watched counts from when its video was made. */
  const unwatched = Prisma.sql`
    r.kind = 'video' AND r.settings IS NOT NULL AND v.state = 'ready'
    AND v.deleted_at IS NULL AND v.superseded_at IS NULL AND v.shown_edition IS NULL
    AND coalesce(h.rendition_keep_days, ${site.keepDays}::int) > 0
    AND greatest(r.last_viewed_at, r.created_at, v.ready_at) < now() - coalesce(h.rendition_keep_days, ${site.keepDays}::int) * interval '1 day'
    AND EXISTS (SELECT 1 FROM chunks c WHERE c.rendition_id = r.id AND c.state = 'ready' AND NOT c.lead)
    AND NOT EXISTS (SELECT 1 FROM chunks c WHERE c.rendition_id = r.id AND c.state = 'encoding')`

  return {
    async findUnwatched(limit) {
      const rows = await database.$queryRaw<{ id: string; video_id: VideoId; name: string }[]>`
        SELECT r.id, r.video_id, r.name
          FROM renditions r JOIN videos v ON v.id = r.video_id JOIN channels h ON h.id = v.channel_id
         WHERE ${unwatched} ORDER BY r.id LIMIT ${limit}::int`
      return rows.map(({ id, video_id, name }) => ({ id, videoId: video_id, name }))
    },

    async hold({ id, videoId }, attemptId, leaseMs, limit) {
      return inTransaction(database, async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM videos WHERE id = ${videoId} FOR UPDATE`
        // Looked at again: somebody may have begun to watch.
        const [still] = await tx.$queryRaw<unknown[]>`
          SELECT 1 FROM renditions r JOIN videos v ON v.id = r.video_id JOIN channels h ON h.id = v.channel_id
           WHERE r.id = ${id} AND ${unwatched} FOR UPDATE OF r`
        if (!still) return []
        const rows = await tx.$queryRaw<{ first_segment: number; segment_count: number }[]>`
          UPDATE chunks SET state = 'encoding', attempt_id = ${attemptId}, attempts = 0, progress = 0, speed = NULL, updated_at = now(),
                 lease_until = now() + ${leaseMs}::int * interval '1 millisecond'
           WHERE id IN (SELECT c.id FROM chunks c WHERE c.rendition_id = ${id} AND c.state = 'ready' AND NOT c.lead
                         ORDER BY c.index LIMIT ${limit}::int FOR UPDATE)
          RETURNING first_segment, segment_count`
        await tx.$executeRaw`UPDATE renditions SET state = 'planned', evicted_at = now() WHERE id = ${id}`
        return rows.map((row) => ({ firstSegment: row.first_segment, segmentCount: row.segment_count }))
      })
    },

    async letGo({ id, videoId }, attemptId) {
      await inTransaction(database, async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM videos WHERE id = ${videoId} FOR UPDATE`
        await tx.$executeRaw`
          UPDATE chunks SET state = 'deferred', attempt_id = NULL, lease_until = NULL, bytes = NULL, peak_bandwidth = NULL,
                 started_at = NULL, updated_at = now()
           WHERE attempt_id = ${attemptId} AND state = 'encoding'`
        await tx.$executeRaw`
          UPDATE renditions SET bytes = (SELECT coalesce(sum(bytes), 0) FROM chunks WHERE rendition_id = ${id} AND state = 'ready')
           WHERE id = ${id}`
      })
    },

    async noteView(videoId, rendition) {
      await database.$executeRaw`
        UPDATE renditions SET last_viewed_at = now() WHERE video_id = ${videoId} AND name = ${rendition}`
    },
  }
}
