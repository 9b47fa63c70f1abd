/**
 * In which order chunks are encoded (docs/decisions/0017): decided when an encoder is free, from the rows as
 * they stand then, so that nothing has to be reordered when something more urgent comes.
 *
 *     tier  0 live, lead       what is on air, in its lowest rung and its sound
 *           1 replay, lead     of a broadcast that has ended: its first ten minutes
 *           2 upload, lead     and the rest of such replays
 *           3 live, rest       the other rungs, in the same order
 *           4 replay, rest
 *           5 upload, rest
 *           6, 7 backfill      what is made again, or late: lead, rest
 *
 * Within a tier creators take turns: who has the fewest encoders at work is next, among those who had a turn
 * longest ago; of one creator's the earliest parts, whichever video they are of.
 */
import { PRIORITY } from '../pipeline/job-kinds.ts'
import { Prisma } from './generated/client.ts'

/** Chunks; about ten minutes. */
const FRESH_CHUNKS = 75

/** Of a chunk `k` of a video `v`. */
export const TIER = Prisma.sql`
  CASE WHEN v.state = 'ready' OR v.edition_of IS NOT NULL THEN CASE WHEN k.lead THEN 6 ELSE 7 END
       WHEN v.state = 'live' THEN CASE WHEN k.lead THEN 0 ELSE 3 END
       WHEN v.origin = 'broadcast' THEN CASE WHEN NOT k.lead THEN 4 WHEN k.index < ${FRESH_CHUNKS}::int THEN 1 ELSE 2 END
       ELSE CASE WHEN k.lead THEN 2 ELSE 5 END END`

/** As people see the tiers; a viewer who waits is above all of them. */
export const TIER_PRIORITIES: readonly number[] = [
  PRIORITY.live.lead,
  PRIORITY.replay.lead,
  PRIORITY.upload.lead,
  PRIORITY.live.rest,
  PRIORITY.replay.rest,
  PRIORITY.upload.rest,
  PRIORITY.backfill.lead,
  PRIORITY.backfill.rest,
]

/** How many attempts of each owner's hold something: (owner_id, attempts). */
export const AT_WORK = Prisma.sql`
  SELECT h.owner_id, count(DISTINCT e.attempt_id)::int AS attempts
    FROM chunks e JOIN videos w ON w.id = e.video_id JOIN channels h ON h.id = w.channel_id
   WHERE e.state = 'encoding' AND e.lease_until >= now()
   GROUP BY h.owner_id`

/** The group of chunks that is next, decoded once: (video_id, index, lead, owner_id); none: nothing can be begun. */
export const NEXT_GROUP = Prisma.sql`
  WITH RECURSIVE waiting AS (
    (SELECT c.video_id FROM chunks c WHERE c.state = 'waiting' ORDER BY c.video_id LIMIT 1)
    UNION ALL
    SELECT (SELECT c.video_id FROM chunks c WHERE c.state = 'waiting' AND c.video_id > w.video_id ORDER BY c.video_id LIMIT 1)
      FROM waiting w WHERE w.video_id IS NOT NULL),
  at_work AS (${AT_WORK})
  SELECT k.video_id, k.index, k.lead, h.owner_id
    FROM waiting w
    JOIN videos v ON v.id = w.video_id AND v.deleted_at IS NULL AND v.superseded_at IS NULL AND v.shown_edition IS NULL
    JOIN channels h ON h.id = v.channel_id
    LEFT JOIN at_work b ON b.owner_id = h.owner_id
   CROSS JOIN (VALUES (true), (false)) AS half(lead)
   CROSS JOIN LATERAL (
     SELECT c.video_id, c.index, c.lead FROM chunks c
      WHERE c.state = 'waiting' AND c.video_id = w.video_id AND c.lead = half.lead AND (c.retry_at IS NULL OR c.retry_at <= now())
      ORDER BY c.index LIMIT 1) k
   ORDER BY ${TIER}, coalesce(b.attempts, 0), h.encode_turn_at NULLS FIRST, k.index, k.video_id
   LIMIT 1`
