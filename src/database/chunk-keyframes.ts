/** Where the keyframes of an encoded rendition lie, from its chunk rows; for delivery/media/i-frames.ts. */
import type { VideoId } from '../kernel/ids.ts'
import type { ByteRange } from '../packaging/keyframe-range.ts'
import type { Database } from './client.ts'

/** In order of the segments. Undefined unless every chunk is made and all are known. */
export function makeFindKeyframes(database: Database) {
  return async (videoId: VideoId, rendition: string): Promise<readonly ByteRange[] | undefined> => {
    const chunks = await database.chunk.findMany({
      where: { videoId, rendition: { name: rendition } },
      orderBy: { index: 'asc' },
      select: { state: true, segmentCount: true, keyframes: true },
    })
    const isWhole = chunks.every(
      ({ state, segmentCount, keyframes }) => state === 'ready' && keyframes.length === 2 * segmentCount,
    )
    if (!isWhole || chunks.length === 0) return undefined
    return chunks.flatMap(({ segmentCount, keyframes }) =>
      Array.from({ length: segmentCount }, (_, i) => ({
        offset: keyframes[2 * i] ?? 0,
        bytes: keyframes[2 * i + 1] ?? 0,
      })),
    )
  }
}
