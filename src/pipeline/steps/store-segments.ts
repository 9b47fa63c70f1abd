/** Puts what was made for one rendition of a chunk into the media store, under final names. */
import { AppError } from '../../kernel/errors.ts'
import type { VideoId } from '../../kernel/ids.ts'
import { mediaKeys } from '../../media/layout.ts'
import type { MediaStore } from '../../media/store.ts'
import { decodesWith } from '../../packaging/joined-config.ts'
import type { EncodedSegments } from '../../packaging/segment-encoded.ts'
import type { ChunkResult } from '../catalogue.ts'

export interface MadeSegments {
  readonly rendition: string
  readonly encoded: EncodedSegments
  /** Likeness to the source, 0 to 1; absent: not measured. */
  readonly ssim?: number
}

/** `begun`: segments of the rendition are in use, and its init with them. Throws AppError `encode-failed` when the encoder's configuration is not the one the rendition began with. */
export async function storeSegments(
  store: MediaStore,
  videoId: VideoId,
  made: MadeSegments,
  begun: boolean,
): Promise<ChunkResult> {
  const { rendition, encoded, ssim } = made
  const initKey = mediaKeys.init(videoId, rendition)
  const before = await store.read(initKey)
  // What stands may hold a second encoder's parameter sets besides: it stays.
  if (!before || (!begun && !decodesWith(before, encoded.init))) await store.put(initKey, encoded.init)
  else if (!decodesWith(before, encoded.init)) {
    // One init serves the whole rendition: segments of another encoder would not decode with it.
    throw new AppError(
      'encode-failed',
      'This encoder makes a stream that does not continue the one begun before: was ffmpeg exchanged meanwhile? Rebuild the video.',
    )
  }
  let bytes = 0
  for (const segment of encoded.segments) {
    await store.put(mediaKeys.segment(videoId, rendition, segment.number), segment.bytes)
    bytes += segment.bytes.byteLength
  }
  const keyframes = encoded.segments.flatMap(({ keyframe }) => keyframe ?? [])
  return {
    bytes,
    peakBandwidth: encoded.peakBandwidth,
    codecs: encoded.codecs,
    frames: encoded.segments.reduce((sum, { frames }) => sum + frames, 0),
    ...(ssim === undefined ? {} : { ssim }),
    // With a gap in them they would be those of other segments.
    keyframes: keyframes.length === encoded.segments.length ? keyframes : [],
  }
}
