/** What channels store, summed from the rows of their recordings, uploads and renditions. */
import type { ChannelId } from '../kernel/ids.ts'
import type { ChannelStorage } from '../library/broadcasts/channel-quota.ts'
import type { Database } from './client.ts'

interface Row {
  readonly id: string
  readonly stored: bigint
  readonly quota: bigint | null
}

/** Of every channel there is, or of these. Videos in the trash count until their files are gone. */
export async function readChannelStorage(
  database: Database,
  ids?: readonly ChannelId[],
): Promise<ReadonlyMap<ChannelId, ChannelStorage>> {
  const rows = await database.$queryRaw<readonly Row[]>`
    SELECT c.id, c.quota_bytes AS quota,
      (SELECT coalesce(sum(r.bytes), 0) FROM recordings r JOIN broadcasts b ON b.id = r.broadcast_id
        WHERE b.channel_id = c.id)::bigint
      + (SELECT coalesce(sum(u.bytes), 0) FROM uploads u WHERE u.channel_id = c.id)::bigint
      + (SELECT coalesce(sum(n.bytes), 0) FROM renditions n JOIN videos v ON v.id = n.video_id
        WHERE v.channel_id = c.id)::bigint AS stored
    FROM channels c WHERE ${ids === undefined} OR c.id = ANY(${ids === undefined ? [] : [...ids]})`
  return new Map(
    rows.map(({ id, stored, quota }) => [
      id as ChannelId,
      { storedBytes: Number(stored), quotaBytes: quota === null ? undefined : Number(quota) },
    ]),
  )
}
