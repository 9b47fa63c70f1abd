/** How a segment's pictures are kept: passed through as CMAF, or carried in pieces for the encoder. */
import { encodeCarriedPiece } from './carried-piece.ts'
import type { CarriedVideo } from './carried-video.ts'
import type { CarriedPictures, FlvVideoTrack } from './flv-tracks.ts'
import { type MuxPacket, type MuxVideoTrack, muxInit, muxSegment } from './segment-muxer.ts'
import { type FirstSegment, videoConfig } from './source-config.ts'
import type { TimelineInit } from './timeline.ts'

export type SourcePictures = MuxVideoTrack | FlvVideoTrack

export function isCarried(track: SourcePictures): track is CarriedPictures {
  return 'carried' in track && track.carried !== undefined
}

/** Equal for equal configurations; of pictures that are passed through it is the init segment. */
export async function picturesInit(track: SourcePictures, first: MuxPacket | undefined): Promise<Uint8Array> {
  if (!isCarried(track)) return muxInit(track, first)
  const { displayWidth: width, displayHeight: height } = track
  return carriedVideoInit({ ...track.carried, width, height })
}

export function carriedVideoInit(carried: Omit<CarriedVideo, 'frameRate'>): Uint8Array {
  const { codec, codecId, width, height } = carried
  return Buffer.from(JSON.stringify([codec, codecId, width, height]))
}

export function describePictures(
  track: SourcePictures,
  segment: FirstSegment,
): Pick<TimelineInit, 'video' | 'carriedVideo'> {
  const video = videoConfig(track, segment)
  if (!isCarried(track)) return { video }
  const { width, height, frameRate } = video
  return { carriedVideo: { ...track.carried, width, height, frameRate } }
}

export async function packPictures(
  track: SourcePictures,
  number: number,
  packets: readonly MuxPacket[],
  delaySeconds: number,
): Promise<readonly Uint8Array[]> {
  return isCarried(track) ? [encodeCarriedPiece(packets)] : muxSegment(track, number, packets, delaySeconds)
}
