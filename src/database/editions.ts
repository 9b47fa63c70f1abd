/**
 * Editions of a video: everything of it made again beside what it shows, as a row of its own that the
 * pipeline treats like any video's. The video shows it when it is whole, and then has its state and size.
 */
import { newVideoId, type VideoId } from '../kernel/ids.ts'
import type { SupersededMedia } from '../library/video-store.ts'
import type { Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import { inTransaction } from './transaction.ts'

/** What a video has from the edition it shows. */
const SHOWN_FACTS = {
  state: true,
  playable: true,
  durationSeconds: true,
  width: true,
  height: true,
  frameRate: true,
  timelineKind: true,
  timelineComplete: true,
  hasPoster: true,
  posterName: true,
  previewName: true,
  storyboardSheets: true,
  closedCaptions: true,
  hasWaveform: true,
  loudness: true,
  progress: true,
  readyAt: true,
  failureCode: true,
  failureDetail: true,
} as const satisfies Prisma.VideoSelect

/** The one that is being made, or a new one. Undefined: there is no such video, or it is on air. */
export async function beginEdition(database: Database, videoId: VideoId): Promise<VideoId | undefined> {
  return inTransaction(database, async (tx) => {
    await lock(tx, videoId)
    const video = await tx.video.findFirst({
      where: { id: videoId, deletedAt: null, editionOfId: null, state: { not: 'live' } },
      include: {
        editions: {
          where: { state: 'processing', deletedAt: null, supersededAt: null, shownBy: { is: null } },
        },
      },
    })
    if (!video) return undefined
    const [underWay] = video.editions
    if (underWay) return underWay.id as VideoId
    const id = newVideoId()
    const { channelId, origin, title, publishedAt } = video
    await tx.video.create({
      data: {
        id,
        channelId,
        origin,
        title,
        publishedAt,
        visibility: 'private',
        state: 'processing',
        editionOfId: videoId,
      },
    })
    return id
  })
}

/**
 * After anything changed in `editionId`, within a transaction that holds its row: its video shows it once it
 * is whole, and has its state and size from then on. One that came out worse than what is shown is dropped,
 * and the video's owner told why. No edition: nothing happens.
 */
export async function followEdition(tx: Prisma.TransactionClient, editionId: VideoId): Promise<void> {
  const edition = await tx.video.findFirst({
    where: { id: editionId, editionOfId: { not: null }, supersededAt: null, deletedAt: null },
    select: { ...SHOWN_FACTS, editionOfId: true },
  })
  if (!edition?.editionOfId) return
  const { editionOfId: videoId, ...facts } = edition
  await lock(tx, videoId)
  const video = await tx.video.findFirst({
    where: { id: videoId, deletedAt: null },
    select: { state: true, shownEditionId: true },
  })
  if (!video) return
  if (video.shownEditionId !== editionId) {
    const isSound = video.state === 'ready'
    const whole = facts.state === 'ready' || (!isSound && facts.playable && facts.timelineComplete)
    const fault = await faultOf(tx, editionId, video.shownEditionId ?? videoId, facts)
    if (fault !== undefined) return drop(tx, editionId, videoId, fault)
    if (!whole) return
    const before = video.shownEditionId ?? videoId
    await tx.video.update({ where: { id: before }, data: { supersededAt: new Date() } })
    // Whoever encodes one of them finds at its next renewal that it holds nothing.
    await tx.chunk.deleteMany({ where: { videoId: before, state: { in: ['waiting', 'encoding'] } } })
    await tx.video.update({ where: { id: videoId }, data: { shownEditionId: editionId } })
  }
  const loudness = facts.loudness ?? Prisma.DbNull
  await tx.video.update({ where: { id: videoId }, data: { ...facts, loudness } })
}

/** Why it must not be shown instead of `shownId`; undefined while nothing speaks against it. */
async function faultOf(
  tx: Prisma.TransactionClient,
  editionId: string,
  shownId: string,
  facts: { readonly state: string; readonly failureDetail: string | null },
): Promise<string | undefined> {
  if (facts.state === 'failed') return facts.failureDetail ?? 'no reason is known'
  if (facts.state !== 'ready') return undefined
  const failed = await tx.rendition.findMany({
    where: { videoId: editionId, state: 'failed' },
    select: { name: true, failure: true },
  })
  const worse = await tx.rendition.findFirst({
    where: { videoId: shownId, state: 'ready', name: { in: failed.map(({ name }) => name) } },
    select: { name: true },
  })
  const why = failed.find(({ name }) => name === worse?.name)
  return why && `${why.name}: ${why.failure ?? 'no reason is known'}`
}

async function drop(
  tx: Prisma.TransactionClient,
  editionId: string,
  videoId: string,
  fault: string,
): Promise<void> {
  await tx.video.update({ where: { id: editionId }, data: { deletedAt: new Date() } })
  await tx.video.updateMany({
    where: { id: videoId, failureCode: null },
    data: {
      failureCode: 'rebuild-failed',
      failureDetail: `Making it again failed, and what there was is kept. ${fault}`,
    },
  })
}

async function lock(tx: Prisma.TransactionClient, videoId: string): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM videos WHERE id = ${videoId} FOR UPDATE`
}

export async function listSuperseded(
  database: Database,
  before: Date,
  limit: number,
): Promise<readonly SupersededMedia[]> {
  const rows = await database.video.findMany({
    where: { supersededAt: { lt: before }, deletedAt: null },
    select: { id: true, editionOfId: true, renditions: { select: { name: true } } },
    orderBy: { supersededAt: 'asc' },
    take: limit,
  })
  return rows.map(({ id, editionOfId, renditions }) => ({
    id: id as VideoId,
    isOwn: editionOfId === null,
    renditions: renditions.map(({ name }) => name),
  }))
}

/** When the files are gone: the rows follow. */
export async function forgetSuperseded(database: Database, id: VideoId): Promise<void> {
  await inTransaction(database, async (tx) => {
    await tx.video.deleteMany({ where: { id, editionOfId: { not: null }, supersededAt: { not: null } } })
    const { count } = await tx.video.updateMany({
      where: { id, editionOfId: null, supersededAt: { not: null } },
      data: { supersededAt: null },
    })
    if (count > 0) await tx.rendition.deleteMany({ where: { videoId: id } })
  })
}
