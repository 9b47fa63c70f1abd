/** Videos of which chunks are planned and nothing is made, as rows: the order of thousands needs no encoder. */
import type { Database } from '../../src/database/client.ts'
import { newId, newVideoId, type VideoId } from '../../src/kernel/ids.ts'

export interface PlannedOptions {
  readonly channelId: string
  readonly chunks: number
  readonly origin?: 'broadcast' | 'upload'
  readonly state?: 'live' | 'processing' | 'ready'
  readonly editionOf?: VideoId
  /** The first is the lowest. */
  readonly rungs?: readonly string[]
  readonly chunkState?: 'waiting' | 'deferred' | 'ready'
}

const CHUNK_SECONDS = 8

export async function addPlanned(database: Database, options: PlannedOptions): Promise<VideoId> {
  const { channelId, chunks, origin = 'upload', state = 'processing', rungs = ['240p', '480p'] } = options
  const videoId = newVideoId()
  await database.video.create({
    data: {
      id: videoId,
      channelId,
      origin,
      title: 'Planned',
      tags: [],
      state,
      playable: true,
      timelineComplete: state !== 'live',
      ...(options.editionOf === undefined ? {} : { editionOfId: options.editionOf }),
    },
  })
  for (const [place, name] of rungs.entries()) {
    const side = Number.parseInt(name, 10)
    const rendition = await database.rendition.create({
      data: {
        id: newId(),
        videoId,
        name,
        kind: 'video',
        state: options.chunkState === 'ready' ? 'ready' : 'planned',
        width: (side * 16) / 9,
        height: side,
        settings: { kind: 'video', name, width: (side * 16) / 9, height: side },
      },
    })
    await database.chunk.createMany({
      data: Array.from({ length: chunks }, (_, index) => ({
        id: newId(),
        videoId,
        renditionId: rendition.id,
        index,
        firstSegment: index * 2,
        segmentCount: 2,
        startSeconds: index * CHUNK_SECONDS,
        durationSeconds: CHUNK_SECONDS,
        lead: place === 0,
        state: options.chunkState ?? 'waiting',
        ...(options.chunkState === 'ready' ? { bytes: 1000, peakBandwidth: 1000 } : {}),
      })),
    })
  }
  return videoId
}

export const RESULT = {
  bytes: 1000,
  peakBandwidth: 1000,
  codecs: 'avc1.640015',
  keyframes: [],
  frames: 240,
} as const
