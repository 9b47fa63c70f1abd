/** A video's rows as the library's VideoRecord. */
import type { BroadcastId, ChannelId, UploadId, UserId, VideoId } from '../kernel/ids.ts'
import type { VideoRecord } from '../library/video-record.ts'
import type { Database } from './client.ts'
import type { Prisma } from './generated/client.ts'

export const withParts = {
  channel: { select: { id: true, handle: true, name: true, ownerId: true } },
  broadcast: { select: { id: true } },
  upload: { select: { id: true } },
  // By id: a UUIDv7, so in order of being made.
  renditions: { orderBy: { id: 'asc' } },
  captions: {
    orderBy: [{ name: 'asc' }, { id: 'asc' }],
    select: {
      id: true,
      language: true,
      name: true,
      kind: true,
      origin: true,
      isDefault: true,
      version: true,
    },
  },
  shownEdition: { select: { renditions: { orderBy: { id: 'asc' } } } },
} as const satisfies Prisma.VideoInclude

export type VideoRow = Prisma.VideoGetPayload<{ include: typeof withParts }>

/** One more query, and only when renditions of these videos are being made: how far each is. */
export async function readVideoRows(
  database: Database,
  rows: readonly VideoRow[],
): Promise<readonly VideoRecord[]> {
  const unfinished = rows.flatMap((row) =>
    renditionsOf(row)
      .filter(({ state }) => state !== 'ready')
      .map(({ id }) => id),
  )
  const counts =
    unfinished.length === 0
      ? []
      : await database.chunk.groupBy({
          by: ['renditionId', 'state'],
          where: { renditionId: { in: unfinished } },
          _count: true,
        })
  const progressOf = (renditionId: string): number => {
    const own = counts.filter((count) => count.renditionId === renditionId)
    const all = own.reduce((sum, count) => sum + count._count, 0)
    const ready = own.find((count) => count.state === 'ready')?._count ?? 0
    return all === 0 ? 0 : Math.round((1000 * ready) / all) / 10
  }
  return rows.map((row) => ({
    id: row.id as VideoId,
    mediaId: (row.shownEditionId ?? row.id) as VideoId,
    channel: { ...row.channel, id: row.channel.id as ChannelId, ownerId: row.channel.ownerId as UserId },
    origin: row.origin,
    title: row.title,
    description: row.description,
    tags: row.tags,
    visibility: row.visibility,
    state: row.state,
    failure: row.failureCode === null ? null : { code: row.failureCode, detail: row.failureDetail ?? '' },
    playable: row.playable,
    durationSeconds: row.durationSeconds,
    width: row.width,
    height: row.height,
    frameRate: row.frameRate,
    timelineComplete: row.timelineComplete,
    hasPoster: row.hasPoster,
    posterName: row.posterName,
    previewName: row.previewName,
    storyboardSheets: row.storyboardSheets,
    closedCaptions: row.closedCaptions,
    captions: row.captions,
    ownChapters: row.chapters as VideoRecord['ownChapters'],
    sourceChapters: row.sourceChapters as VideoRecord['sourceChapters'],
    hasWaveform: row.hasWaveform,
    loudness: row.loudness as VideoRecord['loudness'],
    progress: row.progress,
    createdAt: row.createdAt,
    publishedAt: row.publishedAt,
    broadcastId: (row.broadcast?.id ?? null) as BroadcastId | null,
    uploadId: (row.upload?.id ?? null) as UploadId | null,
    renditions: renditionsOf(row).map((rendition) => ({
      name: rendition.name,
      kind: rendition.kind,
      state: rendition.state,
      codecs: rendition.codecs,
      width: rendition.width,
      height: rendition.height,
      frameRate: rendition.frameRate,
      bandwidth: rendition.bandwidth,
      averageBandwidth: rendition.averageBandwidth,
      bytes: Number(rendition.bytes),
      // What is passed through is never behind: each segment is there as soon as the timeline has it.
      progress: rendition.state === 'ready' || isPassedThrough(rendition) ? 100 : progressOf(rendition.id),
      failure: rendition.failure,
      language: rendition.language,
      label: rendition.label,
      channels: rendition.channels,
      frames: rendition.frames,
      ssim: rendition.ssim,
      lowestSsim: rendition.lowestSsim,
    })),
  }))
}

function renditionsOf(row: VideoRow): VideoRow['renditions'] {
  return row.shownEdition?.renditions ?? row.renditions
}

/** Encoded renditions say in their settings how (pipeline/ladder.ts). */
function isPassedThrough({ kind, settings }: VideoRow['renditions'][number]): boolean {
  return kind !== 'video' && settings === null
}
