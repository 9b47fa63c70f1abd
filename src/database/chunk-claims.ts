/** How an attempt comes to hold chunks: of one video when it is told which, else what is next of all there is. */
import type { VideoId } from '../kernel/ids.ts'
import type { Claim, ClaimedChunk, NextClaim } from '../pipeline/catalogue.ts'
import type { RenditionSettings } from '../pipeline/ladder.ts'
import type { Database } from './client.ts'
import { NEXT_GROUP } from './encode-order.ts'
import { Prisma } from './generated/client.ts'
import { inTransaction } from './transaction.ts'

/** Held while an encoder looks for what is next: of two at once the second sees what the first took. */
const ENCODE_ORDER_LOCK = 72_707_371

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
  readonly deaths: number
  readonly begun: boolean
}

/** waiting, deferred, or encoding with an expired lease → encoding: a viewer waits, or somebody knows what they want. */
export async function claimChunks(
  database: Database,
  videoId: VideoId,
  index: number,
  renditions: readonly string[],
  attempt: { readonly id: string; readonly leaseMs: number },
): Promise<Claim> {
  const names = [...renditions]
  return inTransaction(database, async (tx) => {
    const claimed = await hold(
      tx,
      attempt,
      Prisma.sql`
        SELECT k.id FROM chunks k
          JOIN renditions q ON q.id = k.rendition_id
          JOIN videos v ON v.id = k.video_id
         WHERE k.video_id = ${videoId} AND k.index = ${index} AND q.name = ANY(${names}::text[]) AND v.deleted_at IS NULL
           AND (k.state IN ('waiting', 'deferred') OR (k.state = 'encoding' AND k.lease_until < now()))
           FOR UPDATE OF k SKIP LOCKED`,
    )
    const others = await tx.chunk.findMany({
      where: {
        videoId,
        index,
        rendition: { name: { in: names } },
        state: { in: ['encoding', 'failed'] },
        NOT: { attemptId: attempt.id },
      },
      select: { state: true, failure: true },
    })
    return {
      claimed,
      held: others.filter(({ state }) => state === 'encoding').length,
      failures: others
        .filter(({ state }) => state === 'failed')
        .map(({ failure }) => failure ?? 'It could not be made.'),
    }
  })
}

/** The chunks that are next, decoded together; undefined: there is nothing that can be begun. */
export async function claimNextChunks(
  database: Database,
  attempt: { readonly id: string; readonly leaseMs: number },
): Promise<NextClaim | undefined> {
  return inTransaction(database, async (tx) => {
    // Apart from the rest, which must see what whoever held the lock before has done. What dead workers left comes back.
    await tx.$executeRaw`
      WITH left_behind AS (
        UPDATE chunks SET state = 'waiting', attempt_id = NULL, lease_until = NULL, progress = 0, speed = NULL, updated_at = now(),
               attempts = greatest(attempts - 1, 0), deaths = deaths + 1, 
               retry_at = CASE WHEN deaths = 0 THEN NULL ELSE now() + least(deaths, 10) * interval '1 second' END
         WHERE id IN (SELECT id FROM chunks WHERE state = 'encoding' AND lease_until < now() FOR UPDATE SKIP LOCKED))
      SELECT pg_advisory_xact_lock(${ENCODE_ORDER_LOCK}::bigint)`
    const [next] = await tx.$queryRaw<{ video_id: VideoId; index: number; lead: boolean }[]>`
        WITH next AS (${NEXT_GROUP}),
        turn AS (
          UPDATE channels h SET encode_turn_at = clock_timestamp() FROM next n WHERE h.owner_id = n.owner_id)
        SELECT video_id, index, lead FROM next`
    if (!next) return undefined
    const claimed = await hold(
      tx,
      attempt,
      Prisma.sql`
        SELECT k.id FROM chunks k
         WHERE k.video_id = ${next.video_id} AND k.index = ${next.index} AND k.lead = ${next.lead} AND k.state = 'waiting'
           AND (k.retry_at IS NULL OR k.retry_at <= now())
           FOR UPDATE OF k SKIP LOCKED`,
    )
    return { videoId: next.video_id, claimed }
  })
}

async function hold(
  tx: Prisma.TransactionClient,
  { id, leaseMs }: { readonly id: string; readonly leaseMs: number },
  which: Prisma.Sql,
): Promise<readonly ClaimedChunk[]> {
  const rows = await tx.$queryRaw<ClaimRow[]>`
    WITH held AS (
      UPDATE chunks c
         SET state = 'encoding', attempt_id = ${id}, progress = 0,
             attempts = c.attempts + CASE WHEN c.state = 'encoding' THEN 0 ELSE 1 END,
             deaths = c.deaths + CASE WHEN c.state = 'encoding' THEN 1 ELSE 0 END, speed = NULL, retry_at = NULL,
             updated_at = now(), started_at = now(), lease_until = now() + ${leaseMs}::int * interval '1 millisecond'
        FROM renditions r
       WHERE r.id = c.rendition_id AND c.id IN (${which})
      RETURNING c.id, c.rendition_id, r.name AS rendition, r.settings, c.index, c.first_segment, c.segment_count, c.start_seconds, c.duration_seconds, c.attempts, c.deaths,
                EXISTS (SELECT 1 FROM chunks m WHERE m.rendition_id = c.rendition_id AND m.state = 'ready') AS begun),
    begun AS (
      UPDATE renditions SET state = 'encoding' WHERE state = 'planned' AND id IN (SELECT rendition_id FROM held))
    SELECT * FROM held ORDER BY rendition_id`
  return rows.map(readClaim)
}

function readClaim(row: ClaimRow): ClaimedChunk {
  return {
    id: row.id,
    rendition: row.rendition,
    settings: row.settings,
    attempts: row.attempts,
    deaths: row.deaths,
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
