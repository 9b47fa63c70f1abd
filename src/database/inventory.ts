/** What the catalogue says is in the storage, for `reprise doctor` to compare, and the few rows it may put right. */
import type { BroadcastId, SessionId, UploadId, VideoId } from '../kernel/ids.ts'
import { judgeRecording } from '../recording/verdict.ts'
import { makeBroadcastLedger } from './broadcasts.ts'
import type { Database } from './client.ts'
import type { Prisma } from './generated/client.ts'
import { inTransaction } from './transaction.ts'

export interface InventoriedPart {
  readonly part: number
  readonly sessionId: SessionId
  readonly state: 'open' | 'closed' | 'salvaged' | 'failed'
  readonly bytes: number
}

export interface InventoriedBroadcast {
  readonly id: BroadcastId
  readonly ended: boolean
  readonly title: string
  readonly parts: readonly InventoriedPart[]
}

export interface InventoriedVideo {
  readonly id: VideoId
  /** Where what it shows is. */
  readonly mediaId: VideoId
  /** Editions of it, whether shown or not. */
  readonly editions: readonly VideoId[]
  readonly title: string
  readonly state: 'live' | 'processing' | 'ready' | 'failed'
  readonly timelineComplete: boolean
  readonly hasPoster: boolean
  readonly posterName: string | null
  readonly previewName: string | null
  readonly storyboardSheets: number
  /** In the trash. */
  readonly deleted: boolean
  readonly broadcastId: BroadcastId | undefined
  readonly upload: { readonly id: UploadId; readonly path: string } | undefined
}

/** What a look at a part's file found. */
export interface MeasuredPart {
  readonly bytes: number
  readonly durationSeconds: number
}

export interface Inventory {
  /** Those of deleted videos too, while their rows are there. */
  broadcasts(): Promise<readonly InventoriedBroadcast[]>
  /** The same. */
  videos(): Promise<readonly InventoriedVideo[]>
  /** It cannot be shown any more, until it is made again. */
  mediaLost(id: VideoId): Promise<void>
  /** It has no poster, preview and storyboard any more, until they are made again. */
  picturesLost(id: VideoId): Promise<void>
  /** A part is what its file is; `missing`: there is none any more. And the verdict on the broadcast is given anew. */
  correctPart(broadcastId: BroadcastId, part: number, found: MeasuredPart | 'missing'): Promise<void>
}

export function makeInventory(database: Database): Inventory {
  return {
    async broadcasts() {
      const rows = await database.broadcast.findMany({
        orderBy: { startedAt: 'asc' },
        include: { recordings: { orderBy: { part: 'asc' } }, video: { select: { title: true } } },
      })
      return rows.map((row) => ({
        id: row.id as BroadcastId,
        ended: row.state === 'ended',
        title: row.video.title,
        parts: row.recordings.map(({ part, sessionId, state, bytes }) => ({
          part,
          sessionId: sessionId as SessionId,
          state,
          bytes: Number(bytes),
        })),
      }))
    },

    async videos() {
      const rows = await database.video.findMany({
        where: { editionOfId: null },
        orderBy: { createdAt: 'asc' },
        select: {
          id: true,
          shownEditionId: true,
          editions: { select: { id: true } },
          title: true,
          state: true,
          timelineComplete: true,
          hasPoster: true,
          posterName: true,
          previewName: true,
          storyboardSheets: true,
          deletedAt: true,
          broadcast: { select: { id: true } },
          upload: { select: { id: true, path: true } },
        },
      })
      return rows.map(({ id, broadcast, upload, deletedAt, shownEditionId, editions, ...row }) => ({
        ...row,
        mediaId: (shownEditionId ?? id) as VideoId,
        editions: editions.map((edition) => edition.id as VideoId),
        deleted: deletedAt !== null,
        id: id as VideoId,
        broadcastId: broadcast?.id as BroadcastId | undefined,
        upload: upload ? { id: upload.id as UploadId, path: upload.path } : undefined,
      }))
    },

    async mediaLost(id) {
      await database.video.updateMany({
        where: { id, state: { not: 'live' } },
        data: {
          state: 'failed',
          playable: false,
          failureCode: 'media-lost',
          failureDetail: 'Some of its files were lost. It is being made again.',
        },
      })
    },

    async picturesLost(id) {
      await inTransaction(database, async (tx) => {
        const { shownEditionId } = await tx.video.findUniqueOrThrow({ where: { id } })
        const ids = [id, ...(shownEditionId === null ? [] : [shownEditionId])]
        await tx.storyboardSheet.deleteMany({ where: { videoId: { in: ids } } })
        await tx.video.updateMany({
          where: { id: { in: ids } },
          data: { hasPoster: false, posterName: null, previewName: null, storyboardSheets: 0 },
        })
      })
    },

    async correctPart(broadcastId, part, found) {
      const missing = found === 'missing'
      await database.recording.update({
        where: { broadcastId_part: { broadcastId, part } },
        data: missing
          ? {
              state: 'failed',
              bytes: 0n,
              durationSeconds: 0,
              failure: 'The file is gone from the storage folder.',
            }
          : {
              state: 'salvaged',
              bytes: BigInt(found.bytes),
              durationSeconds: found.durationSeconds,
              failure: null,
            },
      })
      const record = await makeBroadcastLedger(database).find(broadcastId)
      if (record?.state !== 'ended') return
      const verdict = judgeRecording(record.sessions, record.parts)
      await database.broadcast.update({
        where: { id: broadcastId },
        data: { verdict: verdict as unknown as Prisma.InputJsonValue },
      })
    },
  }
}
