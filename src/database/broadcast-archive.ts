/** Broadcasts to be read, from Postgres: the BroadcastArchiveStore of the library. */
import type { BroadcastId } from '../kernel/ids.ts'
import type {
  ArchivedBroadcast,
  ArchivedSession,
  BroadcastArchiveStore,
} from '../library/broadcast-archive.ts'
import type { Verdict } from '../recording/verdict.ts'
import type { Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import { filterCondition } from './video-filter.ts'
import { readVideoRows, withParts } from './video-rows.ts'

const withAll = {
  video: { include: withParts },
  sessions: { orderBy: { ordinal: 'asc' } },
  recordings: { select: { bytes: true, durationSeconds: true } },
} as const satisfies Prisma.BroadcastInclude

type Row = Prisma.BroadcastGetPayload<{ include: typeof withAll }>

export function makeBroadcastArchiveStore(database: Database): BroadcastArchiveStore {
  return {
    async search({ filter, state, after, limit }) {
      const conditions = [Prisma.sql`v.deleted_at IS NULL`, filterCondition(filter)]
      if (state !== undefined) conditions.push(Prisma.sql`b.state = ${state}::"BroadcastState"`)
      if (after)
        conditions.push(Prisma.sql`(b.started_at, b.id) < (${after.startedAt}::timestamptz, ${after.id})`)
      const ids = await database.$queryRaw<readonly { id: string }[]>(Prisma.sql`
        SELECT b.id FROM broadcasts b JOIN videos v ON v.id = b.video_id JOIN channels c ON c.id = v.channel_id
        WHERE ${Prisma.join(conditions, ' AND ')}
        ORDER BY b.started_at DESC, b.id DESC LIMIT ${limit}`)
      const rows = await database.broadcast.findMany({
        where: { id: { in: ids.map(({ id }) => id) } },
        include: withAll,
      })
      const byId = new Map(
        (await readAll(database, rows)).map((broadcast) => [broadcast.id as string, broadcast]),
      )
      return ids.flatMap(({ id }) => byId.get(id) ?? [])
    },

    async find(id) {
      const row = await database.broadcast.findFirst({
        where: { id, video: { deletedAt: null } },
        include: withAll,
      })
      return row ? (await readAll(database, [row]))[0] : undefined
    },
  }
}

async function readAll(database: Database, rows: readonly Row[]): Promise<readonly ArchivedBroadcast[]> {
  const videos = await readVideoRows(
    database,
    rows.map(({ video }) => video),
  )
  return rows.flatMap((row, i) => {
    const video = videos[i]
    return video ? [{ ...readBroadcast(row), video }] : []
  })
}

function readBroadcast(row: Row): Omit<ArchivedBroadcast, 'video'> {
  return {
    id: row.id as BroadcastId,
    state: row.state,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    graceUntil: row.graceUntil,
    sessions: row.sessions.map((session) => ({
      id: session.id,
      encoder: session.encoder,
      startedAt: session.startedAt,
      endedAt: session.endedAt,
      ending: session.ending as ArchivedSession['ending'],
      bytes: Number(session.bytes),
    })),
    verdict: row.verdict as Verdict | null,
    recordedBytes: row.recordings.reduce((sum, part) => sum + Number(part.bytes), 0),
    recordedSeconds: row.recordings.reduce((sum, part) => sum + part.durationSeconds, 0),
  }
}
