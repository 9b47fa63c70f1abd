/** The library's VideoFilter as a condition over `videos v` joined with `channels c`. */
import type { VideoCase, VideoFilter } from '../library/permissions.ts'
import { Prisma } from './generated/client.ts'

const PRESENTABLE = Prisma.sql`(v.playable OR v.state = 'live')`
const NEVER = Prisma.sql`FALSE`
const ALWAYS = Prisma.sql`TRUE`
const VISIBILITIES = ['public', 'unlisted', 'private'] as const
const CASES_IN_ALL = 6

/**
 * One branch for each visibility, `visibility = 'public' AND (…)`, so that the index on visibility and time
 * serves the public lists also of people who are signed in. An owner may do whatever others may, so
 * what others may needs no look at whose it is.
 */
export function filterCondition({ userId, own, others }: VideoFilter): Prisma.Sql {
  if (others.length === CASES_IN_ALL) return ALWAYS
  const isOwn = userId === undefined ? undefined : Prisma.sql`c.owner_id = ${userId}`
  const branches = VISIBILITIES.flatMap((visibility) => {
    const forOthers = kindCondition(others, visibility)
    const forOwner = isOwn && kindCondition(own, visibility)
    const either = [
      ...(forOthers ? [forOthers] : []),
      ...(isOwn && forOwner && forOthers !== ALWAYS
        ? [forOwner === ALWAYS ? isOwn : Prisma.sql`(${isOwn} AND ${forOwner})`]
        : []),
    ]
    if (either.length === 0) return []
    return [Prisma.sql`(v.visibility = ${visibility}::"Visibility" AND (${Prisma.join(either, ' OR ')}))`]
  })
  return branches.length === 0 ? NEVER : Prisma.sql`(${Prisma.join(branches, ' OR ')})`
}

/** Undefined: none of that visibility. */
function kindCondition(
  cases: readonly VideoCase[],
  visibility: VideoCase['visibility'],
): Prisma.Sql | undefined {
  const kinds = cases.filter((kind) => kind.visibility === visibility)
  if (kinds.length === 0) return undefined
  if (kinds.length === 2) return ALWAYS
  return kinds[0]?.presentable ? PRESENTABLE : Prisma.sql`(NOT ${PRESENTABLE})`
}
