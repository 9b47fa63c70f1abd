/**
 * What of a rendition is made, measured: its rates replace the ladder's estimates with the first chunk and
 * grow true with each that follows. The peak over segments and the average over all, as RFC 8216 §4.3.4.2
 * defines them. Derived from the chunk rows, never counted along.
 */
import type { Prisma } from './generated/client.ts'

/** Within the transaction that made the chunk ready. `codecs`: RFC 6381, as measured. */
export async function measureRendition(
  tx: Prisma.TransactionClient,
  chunkId: string,
  codecs: string,
): Promise<void> {
  await tx.$executeRaw`
    UPDATE renditions r
       SET codecs = ${codecs}, bytes = m.bytes, bandwidth = m.peak, average_bandwidth = m.average
      FROM (SELECT rendition_id, max(peak_bandwidth) AS peak, sum(bytes) AS bytes,
                   ceil(8 * sum(bytes) / nullif(sum(duration_seconds), 0))::int AS average
              FROM chunks
             WHERE state = 'ready' AND rendition_id = (SELECT rendition_id FROM chunks WHERE id = ${chunkId})
             GROUP BY rendition_id) m
     WHERE r.id = m.rendition_id`
}
