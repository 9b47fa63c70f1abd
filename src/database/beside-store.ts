/** Captions, posters and storyboards in Postgres, as the library asks for them. */
import { newId } from '../kernel/ids.ts'
import type { CaptionStore } from '../library/captions/caption-store.ts'
import type { PosterStore } from '../library/posters.ts'
import type { StoryboardStore } from '../library/storyboards.ts'
import type { Database } from './client.ts'
import type { Prisma } from './generated/client.ts'
import { inTransaction } from './transaction.ts'

/** Two of one language and kind would be told apart by nobody. */
const sourceOf = (language: string, kind: string) => `${language}/${kind}`

export function makeCaptionStore(database: Database): CaptionStore {
  /** With the video's row held; and listeners hear of it, who listen to videos only. */
  const change = <T>(videoId: string, work: (tx: Prisma.TransactionClient) => Promise<T>): Promise<T> =>
    inTransaction(database, async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM videos WHERE id = ${videoId} FOR UPDATE`
      const outcome = await work(tx)
      await tx.video.updateMany({ where: { id: videoId }, data: { updatedAt: new Date() } })
      return outcome
    })

  return {
    add: (videoId, { isDefault, ...caption }) =>
      change(videoId, async (tx) => {
        const source = sourceOf(caption.language, caption.kind)
        if ((await tx.caption.count({ where: { videoId, origin: 'upload', source } })) > 0) return undefined
        if (isDefault) await tx.caption.updateMany({ where: { videoId }, data: { isDefault: false } })
        const data = { id: newId(), videoId, origin: 'upload', source, isDefault, ...caption } as const
        return (await tx.caption.create({ data })).id
      }),

    change: (videoId, id, { language, name, kind, isDefault, words }) =>
      change(videoId, async (tx) => {
        const before = await tx.caption.findFirst({ where: { id, videoId } })
        if (!before) return 'missing'
        const source =
          before.origin === 'upload'
            ? sourceOf(language ?? before.language, kind ?? before.kind)
            : before.source
        const rivals = { videoId, origin: before.origin, source, id: { not: id } }
        if ((await tx.caption.count({ where: rivals })) > 0) return 'taken'
        if (isDefault) await tx.caption.updateMany({ where: { videoId }, data: { isDefault: false } })
        await tx.caption.update({
          where: { id },
          data: {
            source,
            ...(language !== undefined && { language }),
            ...(name !== undefined && { name }),
            ...(kind !== undefined && { kind }),
            ...(isDefault !== undefined && { isDefault }),
            ...(words && { ...words, version: before.version + 1 }),
          },
        })
        return 'changed'
      }),

    remove: (videoId, id) =>
      change(videoId, async (tx) => (await tx.caption.deleteMany({ where: { id, videoId } })).count > 0),

    async text(videoId, id, version) {
      const row = await database.caption.findFirst({
        where: { id, videoId, version },
        select: { text: true },
      })
      return row?.text
    },
  }
}

export function makePosterStore(database: Database): PosterStore {
  return {
    async choose(videoId, choice, posterName) {
      await inTransaction(database, async (tx) => {
        const [row] = await tx.$queryRaw<{ shown_edition: string | null }[]>`
          SELECT shown_edition FROM videos WHERE id = ${videoId} AND deleted_at IS NULL FOR UPDATE`
        if (!row) return
        // An edition that is shown tells its video what it shows.
        const ids = [videoId, ...(row.shown_edition === null ? [] : [row.shown_edition])]
        await tx.video.updateMany({ where: { id: { in: ids } }, data: { hasPoster: true, posterName } })
        await tx.posterChoice.deleteMany({ where: { videoId } })
        if (choice)
          await tx.posterChoice.create({
            data: {
              videoId,
              ...(choice.kind === 'moment'
                ? { seconds: choice.seconds }
                : { picture: new Uint8Array(choice.picture) }),
            },
          })
      })
    },
  }
}

export function makeStoryboardStore(database: Database): StoryboardStore {
  const orderBy = { number: 'asc' } as const
  return {
    sheets: (videoId) =>
      database.storyboardSheet.findMany({
        where: { videoId },
        orderBy,
        omit: { samples: true, videoId: true },
      }),
    scenes: (videoId) =>
      database.storyboardSheet.findMany({
        where: { videoId },
        orderBy,
        select: { starts: true, samples: true },
      }),
  }
}
