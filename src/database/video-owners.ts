/** Who owns videos, from Postgres: OwnersOf of library/jobs.ts. */
import type { UserId, VideoId } from '../kernel/ids.ts'
import type { OwnersOf } from '../library/jobs.ts'
import type { Database } from './client.ts'

export function makeOwnersOf(database: Database): OwnersOf {
  return async (videoIds) => {
    const rows = await database.video.findMany({
      where: { id: { in: [...videoIds] } },
      select: { id: true, channel: { select: { ownerId: true } } },
    })
    return new Map(rows.map((row) => [row.id as VideoId, row.channel.ownerId as UserId]))
  }
}
