/** Uploads in Postgres: the UploadLedger of the library. */
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
      await database.$transaction(async (tx) => {
        await tx.video.create({
          data: {
            id: upload.videoId,
            channelId: upload.channel.id,
            origin: 'upload',
            title: upload.title,
            visibility: upload.visibility,
            state: 'processing',
            durationSeconds: source.durationSeconds ?? null,
            width: source.video.width,
            height: source.video.height,
            frameRate: source.video.frameRate > 0 ? source.video.frameRate : null,
          },
        })
        await tx.upload.create({
          data: {
            id: upload.uploadId,
            channelId: upload.channel.id,
            videoId: upload.videoId,
            fileName: upload.fileName,
            path: upload.path,
            bytes: BigInt(upload.bytes),
            source: source as unknown as Prisma.InputJsonValue,
          },
        })
        await enqueueProcessing(tx, upload.videoId)
      })
    },

    async known(ids) {
      const rows = await database.upload.findMany({ where: { id: { in: [...ids] } }, select: { id: true } })
      return new Set(rows.map(({ id }) => id))
    },
  }
}
