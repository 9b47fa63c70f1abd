/** What follows for a video from its chunk rows: progress, and whether it can be finished. Derived, never counted along. */
import type { VideoId } from '../kernel/ids.ts'
import { PRIORITY } from '../pipeline/job-kinds.ts'
import { followEdition } from './editions.ts'
import type { Prisma } from './generated/client.ts'
import type { PostgresJobQueue } from './queue.ts'

interface Standing {
  readonly open: number
  readonly progress: number | null
}

/** Sound costs about as much as so many pixels. */
const AUDIO_PIXELS = 30_000

/**
 * Within a transaction that holds the video's row. Progress is the share of pixels made of those planned;
 * it reaches 100 only when the video is finished.
 */
export async function settleVideo(
  tx: Prisma.TransactionClient,
  queue: PostgresJobQueue,
  videoId: VideoId,
): Promise<void> {
  const [standing] = await tx.$queryRaw<Standing[]>`
    SELECT count(*) FILTER (WHERE c.state IN ('waiting', 'encoding'))::int AS open,
           100 * sum(w.work) FILTER (WHERE c.state IN ('ready', 'failed')) / nullif(sum(w.work), 0) AS progress
      FROM chunks c
      JOIN renditions r ON r.id = c.rendition_id,
           LATERAL (SELECT c.duration_seconds * CASE WHEN r.kind = 'audio' THEN ${AUDIO_PIXELS}::int ELSE coalesce(r.width, 1) * coalesce(r.height, 1) END AS work) w
     WHERE c.video_id = ${videoId} AND c.state <> 'deferred'`
  const progress = Math.min(99, Math.round((standing?.progress ?? 0) * 10) / 10)
  await tx.video.updateMany({
    where: { id: videoId, state: { not: 'ready' }, progress: { not: progress } },
    data: { progress },
  })
  await followEdition(tx, videoId)
  if (standing?.open) return
  // What was made for somebody who watches does not make the rest of its quality wanted.
  await tx.$executeRaw`
    UPDATE renditions r SET state = 'planned'
     WHERE r.video_id = ${videoId} AND r.state = 'encoding' AND r.settings IS NOT NULL
       AND EXISTS (SELECT 1 FROM chunks c WHERE c.rendition_id = r.id AND c.state = 'deferred')`
  const [complete] = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM videos v WHERE v.id = ${videoId} AND v.timeline_complete AND (v.state IN ('live', 'processing') OR v.state = 'ready' AND EXISTS (
      SELECT 1 FROM renditions r
       WHERE r.video_id = v.id AND r.state IN ('planned', 'encoding') AND r.settings IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM chunks c WHERE c.rendition_id = r.id AND c.state <> 'ready')))`
  if (complete)
    await queue.sendIn(tx, [{ kind: 'finish-video', priority: PRIORITY.brief, data: { videoId } }])
}
