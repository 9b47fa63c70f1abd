/** How urgent it is to take in an upload: the second of one person is behind the first of another. */
import type { VideoId } from '../kernel/ids.ts'
import { PRIORITY } from '../pipeline/job-kinds.ts'
import type { Prisma } from './generated/client.ts'

/** So many of one person are told apart. */
const MOST = 250

/** Within the transaction that makes the upload known. */
export async function uploadPriority(tx: Prisma.TransactionClient, videoId: VideoId): Promise<number> {
  const [row] = await tx.$queryRaw<{ before: number }[]>`
    SELECT count(*)::int AS before
      FROM pgboss.job j JOIN videos v ON v.id = j.data->>'videoId' JOIN channels h ON h.id = v.channel_id
     WHERE j.name = 'process-upload' AND j.state IN ('created', 'retry', 'active')
       AND h.owner_id = (SELECT o.owner_id FROM videos u JOIN channels o ON o.id = u.channel_id WHERE u.id = ${videoId})`
  return PRIORITY.upload.lead - Math.min(MOST, row?.before ?? 0)
}
