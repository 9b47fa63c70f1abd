/** The pipeline's pictures, captions and chapters in Postgres. */
import { newId, type VideoId } from '../kernel/ids.ts'
import type { BesideCatalogue } from '../pipeline/beside-catalogue.ts'
import type { Database } from './client.ts'
import { followEdition } from './editions.ts'
import type { Prisma } from './generated/client.ts'
import { inTransaction } from './transaction.ts'

export function makeBesideCatalogue(database: Database): BesideCatalogue {
  /** With the video's row held; its video learns what changed when it is an edition. */
  const change = (videoId: VideoId, work: (tx: Prisma.TransactionClient) => Promise<unknown>) =>
    inTransaction(database, async (tx) => {
      const [row] = await tx.$queryRaw<{ id: string }[]>`
        SELECT id FROM videos WHERE id = ${videoId} AND deleted_at IS NULL FOR UPDATE`
      if (!row) return
      await work(tx)
      await followEdition(tx, videoId)
    })

  async function ownerOf(videoId: VideoId): Promise<string> {
    const row = await database.video.findUnique({ where: { id: videoId }, select: { editionOfId: true } })
    return row?.editionOfId ?? videoId
  }

  return {
    storyboardGrown: (videoId, { starts, samples, ...sheet }) =>
      change(videoId, async (tx) => {
        await tx.storyboardSheet.createMany({
          data: [{ videoId, ...sheet, starts: [...starts], samples: new Uint8Array(samples) }],
          skipDuplicates: true,
        })
        const storyboardSheets = await tx.storyboardSheet.count({ where: { videoId } })
        await tx.video.update({ where: { id: videoId }, data: { storyboardSheets } })
      }),

    previewMade: (videoId, previewName) =>
      change(videoId, (tx) => tx.video.update({ where: { id: videoId }, data: { previewName } })),

    async posterChoice(videoId) {
      const row = await database.posterChoice.findUnique({ where: { videoId: await ownerOf(videoId) } })
      if (row?.picture) return { kind: 'picture', picture: row.picture }
      return row?.seconds == null ? undefined : { kind: 'moment', seconds: row.seconds }
    },

    closedCaptionsSeen: (videoId) =>
      change(videoId, (tx) =>
        tx.video.updateMany({
          where: { id: videoId, closedCaptions: false },
          data: { closedCaptions: true },
        }),
      ),

    async captionsFound(videoId, found) {
      if (found.length === 0) return
      const owner = (await ownerOf(videoId)) as VideoId
      await change(owner, async (tx) => {
        const hasDefault = (await tx.caption.count({ where: { videoId: owner, isDefault: true } })) > 0
        for (const { origin, source, isDefault, ...words } of found) {
          const before = await tx.caption.findUnique({
            where: { videoId_origin_source: { videoId: owner, origin, source } },
          })
          if (before?.text === words.text) continue
          if (before) {
            const data = { text: words.text, cues: words.cues, version: before.version + 1 }
            await tx.caption.update({ where: { id: before.id }, data })
          } else {
            await tx.caption.create({
              data: {
                id: newId(),
                videoId: owner,
                origin,
                source,
                ...words,
                isDefault: isDefault && !hasDefault,
              },
            })
          }
        }
        await touch(tx, owner)
      })
    },

    async chaptersFound(videoId, chapters) {
      const owner = (await ownerOf(videoId)) as VideoId
      const sourceChapters = chapters.map(({ start, title }) => ({ start, title }))
      await change(owner, (tx) => tx.video.update({ where: { id: owner }, data: { sourceChapters } }))
    },
  }
}

/** Listeners hear of the video's row only (migration catalogue_changes). */
async function touch(tx: Prisma.TransactionClient, videoId: string): Promise<void> {
  await tx.video.updateMany({ where: { id: videoId }, data: { updatedAt: new Date() } })
}
