/** The library's VideoFilter as a condition over `videos v` joined with `channels c`. */
import type { VideoCase, VideoFilter } from '../library/permissions.ts'
import { Prisma } from './generated/client.ts'

const PRESENTABLE = Prisma.sql`(v.playable OR v.state = 'live')`
const NEVER = Prisma.sql`FALSE`
const ALWAYS = Prisma.sql`TRUE`
const ALL_CASES = 6

export function filterCondition(filter: VideoFilter): Prisma.Sql {
  const others = casesCondition(filter.others)
  if (filter.userId === undefined) return others
  const own = casesCondition(filter.own)
  // The same for both, as for administrators: no need to look whose it is, and the index alone serves.
  if (own === others) return own
  const isOwn = Prisma.sql`c.owner_id = ${filter.userId}`
  return Prisma.sql`((${isOwn} AND ${own}) OR (NOT ${isOwn} AND ${others}))`
}

function casesCondition(cases: readonly VideoCase[]): Prisma.Sql {
  if (cases.length === 0) return NEVER
  if (cases.length === ALL_CASES) return ALWAYS
  const of = (visibility: VideoCase['visibility']) => cases.filter((kind) => kind.visibility === visibility)
  const conditions = (['public', 'unlisted', 'private'] as const).flatMap((visibility) => {
    const kinds = of(visibility)
    if (kinds.length === 0) return []
    const isIt = Prisma.sql`v.visibility = ${visibility}::"Visibility"`
    if (kinds.length === 2) return [isIt]
    return [
      kinds[0]?.presentable
        ? Prisma.sql`(${isIt} AND ${PRESENTABLE})`
        : Prisma.sql`(${isIt} AND NOT ${PRESENTABLE})`,
    ]
  })
  return Prisma.sql`(${Prisma.join(conditions, ' OR ')})`
}
