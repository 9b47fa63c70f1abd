/** Videos in Postgres: the VideoStore of the library. */
import type { BroadcastId, UploadId, VideoId } from '../kernel/ids.ts'
import type { VideoCursor, VideoSort } from '../library/video-cursor.ts'
import type { VideoSearch, VideoStore } from '../library/video-store.ts'
import type { Database } from './client.ts'
import { forgetSuperseded, listSuperseded } from './editions.ts'
import { Prisma } from './generated/client.ts'
import { filterCondition } from './video-filter.ts'
import { readVideoRows, withParts } from './video-rows.ts'

export function makeVideoStore(database: Database): VideoStore {
  return {
    async search(search) {
      const ids = await database.$queryRaw<readonly { id: string }[]>(searchQuery(search))
      const rows = await database.video.findMany({
        where: { id: { in: ids.map(({ id }) => id) } },
        include: withParts,
      })
      const byId = new Map((await readVideoRows(database, rows)).map((video) => [video.id as string, video]))
      return ids.flatMap(({ id }) => byId.get(id) ?? [])
    },

    async find(id) {
      const row = await database.video.findFirst({
        where: { id, deletedAt: null, editionOfId: null },
        include: withParts,
      })
      return row ? (await readVideoRows(database, [row]))[0] : undefined
    },

    async findLive(channelId) {
      const row = await database.video.findFirst({
        where: { channelId, state: 'live', deletedAt: null, editionOfId: null },
        orderBy: { publishedAt: 'desc' },
        include: withParts,
      })
      return row ? (await readVideoRows(database, [row]))[0] : undefined
    },

    async edit(id, { title, description, tags, visibility, chapters }) {
      const data: Prisma.VideoUpdateManyMutationInput = {}
      if (title !== undefined) data.title = title
      if (description !== undefined) data.description = description
      if (tags !== undefined) data.tags = [...tags]
      if (visibility !== undefined) data.visibility = visibility
      if (chapters !== undefined)
        data.chapters =
          chapters === null
            ? Prisma.DbNull
            : chapters.map(({ start, title: name }) => ({ start, title: name }))
      const { count } = await database.video.updateMany({ where: { id, deletedAt: null }, data })
      return count > 0
    },

    async markDeleted(id, at) {
      const { count } = await database.video.updateMany({
        where: { id, deletedAt: null, editionOfId: null },
        data: { deletedAt: at },
      })
      return count > 0
    },

    async listDeleted(limit) {
      const rows = await database.video.findMany({
        where: { deletedAt: { not: null } },
        select: {
          id: true,
          broadcast: { select: { id: true } },
          upload: { select: { id: true } },
          editions: { select: { id: true } },
        },
        orderBy: { deletedAt: 'asc' },
        take: limit,
      })
      return rows.map((row) => ({
        id: row.id as VideoId,
        broadcastId: (row.broadcast?.id ?? null) as BroadcastId | null,
        uploadId: (row.upload?.id ?? null) as UploadId | null,
        editions: row.editions.map(({ id }) => id as VideoId),
      }))
    },

    async erase(id) {
      await database.video.deleteMany({ where: { id, deletedAt: { not: null } } })
    },

    listSuperseded: (before, limit) => listSuperseded(database, before, limit),
    forgetSuperseded: (id) => forgetSuperseded(database, id),
  }
}

function searchQuery(search: VideoSearch): Prisma.Sql {
  const conditions = [
    Prisma.sql`v.deleted_at IS NULL AND v.edition_of IS NULL`,
    filterCondition(search.filter),
    ...search.words.map((word) => {
      const pattern = `%${escapeLike(word)}%`
      return Prisma.sql`(v.title ILIKE ${pattern} OR v.description ILIKE ${pattern}
        OR EXISTS (SELECT FROM unnest(v.tags) tag WHERE tag ILIKE ${pattern}))`
    }),
  ]
  if (search.channel !== undefined) {
    conditions.push(Prisma.sql`(c.handle = ${search.channel} OR c.id = ${search.channel})`)
  }
  if (search.tag !== undefined) conditions.push(Prisma.sql`v.tags @> ARRAY[${search.tag}]`)
  if (search.state !== undefined) conditions.push(Prisma.sql`v.state = ${search.state}::"VideoState"`)
  if (search.after) conditions.push(afterCondition(search.after))
  return Prisma.sql`
    SELECT v.id FROM videos v JOIN channels c ON c.id = v.channel_id
    WHERE ${Prisma.join(conditions, ' AND ')}
    ORDER BY ${ORDER[search.sort]} LIMIT ${search.limit}`
}

const ORDER: Readonly<Record<VideoSort, Prisma.Sql>> = {
  newest: Prisma.sql`v.published_at DESC, v.id DESC`,
  oldest: Prisma.sql`v.published_at ASC, v.id ASC`,
  title: Prisma.sql`v.title ASC, v.id ASC`,
  longest: Prisma.sql`coalesce(v.duration_seconds, -1) DESC, v.id DESC`,
}

function afterCondition({ sort, value, id }: VideoCursor): Prisma.Sql {
  switch (sort) {
    case 'newest':
      return Prisma.sql`(v.published_at, v.id) < (${value}::timestamptz, ${id})`
    case 'oldest':
      return Prisma.sql`(v.published_at, v.id) > (${value}::timestamptz, ${id})`
    case 'title':
      return Prisma.sql`(v.title, v.id) > (${value}, ${id})`
    case 'longest':
      return Prisma.sql`(coalesce(v.duration_seconds, -1), v.id) < (${value}::float8, ${id})`
  }
}

/** PostgreSQL 18 §9.7.1: % and _ stand for anything unless escaped. */
function escapeLike(word: string): string {
  return word.replace(/[\\%_]/g, '\\$&')
}
