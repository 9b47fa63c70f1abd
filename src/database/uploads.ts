/** Uploads in Postgres: the UploadLedger of the library. */
import { AppError } from '../kernel/errors.ts'
import type { VideoId } from '../kernel/ids.ts'
import type { UploadLedger } from '../library/uploads.ts'
import type { Database } from './client.ts'
import type { Prisma } from './generated/client.ts'

/** `enqueueProcessing` asks for the video's processing within the transaction that makes it needed. */
export function makeUploadLedger(
  database: Database,
  enqueueProcessing: (tx: Prisma.TransactionClient, videoId: VideoId) => Promise<void>,
): UploadLedger {
  return {
    async record(upload) {
      const { source } = upload
      const recorded = database.$transaction(async (tx) => {
        await tx.video.create({
          data: {
            id: upload.videoId,
            channelId: upload.channel.id,
            origin: 'upload',
            title: upload.title,
            visibility: upload.visibility,
            state: 'processing',
            durationSeconds: source.durationSeconds ?? null,
            width: source.video?.width ?? null,
            height: source.video?.height ?? null,
            frameRate: source.video?.frameRate || null,
          },
        })
        if (upload.importHash !== undefined) {
          // One that lies in the trash does not keep its file from being taken in again.
          await tx.upload.updateMany({
            where: {
              channelId: upload.channel.id,
              importHash: upload.importHash,
              video: { deletedAt: { not: null } },
            },
            data: { importHash: null },
          })
        }
        await tx.upload.create({
          data: {
            id: upload.uploadId,
            channelId: upload.channel.id,
            videoId: upload.videoId,
            fileName: upload.fileName,
            path: upload.path,
            bytes: BigInt(upload.bytes),
            source: source as unknown as Prisma.InputJsonValue,
            importHash: upload.importHash ?? null,
          },
        })
        await enqueueProcessing(tx, upload.videoId)
      })
      await recorded.catch((error: unknown) => {
        if (upload.importHash === undefined || (error as { code?: unknown }).code !== 'P2002') throw error
        throw new AppError('conflict', 'Another import takes in the same file just now.', { cause: error })
      })
    },

    async findImported(channelId, importHash) {
      const row = await database.upload.findUnique({
        where: { channelId_importHash: { channelId, importHash } },
        select: { videoId: true, video: { select: { deletedAt: true } } },
      })
      return row && row.video.deletedAt === null ? (row.videoId as VideoId) : undefined
    },

    async known(ids) {
      const rows = await database.upload.findMany({ where: { id: { in: [...ids] } }, select: { id: true } })
      return new Set(rows.map(({ id }) => id))
    },
  }
}
