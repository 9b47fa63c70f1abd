/** The pieces of carried pictures of a chunk as one FLV that begins at 0: what their decoders know. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { encodeFileHeader } from '../formats/flv/file-header.ts'
import { encodeTag, VIDEO_TAG } from '../formats/flv/tag-header.ts'
import { AppError } from '../kernel/errors.ts'
import type { VideoId } from '../kernel/ids.ts'
import { mediaKeys } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import { type CarriedPacket, readCarriedPiece } from './carried-piece.ts'
import type { CarriedVideo } from './carried-video.ts'
import type { ChunkInput } from './chunk-input.ts'
import type { TimelineSegment } from './timeline.ts'

const KEYFRAME = 0x10
const INTER_FRAME = 0x20

/** Throws AppError `media-corrupt` when a piece is lost. */
export async function writeCarriedPictures(request: {
  readonly store: MediaStore
  readonly videoId: VideoId
  readonly carried: CarriedVideo
  readonly segments: readonly TimelineSegment[]
  readonly outputPath: string
}): Promise<ChunkInput> {
  const { store, videoId, carried, segments, outputPath } = request
  const packets: CarriedPacket[] = []
  for (const { number } of segments) {
    const key = mediaKeys.carried(videoId, 'video', number)
    const piece = await store.read(key)
    if (!piece) throw new AppError('media-corrupt', `The media store has lost ${path.basename(key)}.`)
    packets.push(...readCarriedPiece(piece))
  }
  const base = packets[0]?.seconds ?? 0
  const tags = packets.map(({ data, seconds, key }) =>
    encodeTag(
      VIDEO_TAG,
      Math.max(0, Math.round((seconds - base) * 1000)),
      Buffer.concat([Buffer.from([(key ? KEYFRAME : INTER_FRAME) | carried.codecId]), data]),
    ),
  )
  await writeFile(outputPath, Buffer.concat([encodeFileHeader({ audio: false, video: true }), ...tags]))
  const start = segments[0]?.start ?? base
  const { width, height } = carried
  return { frames: packets.map(({ seconds }) => seconds - start), width, height, matrix: '' }
}
