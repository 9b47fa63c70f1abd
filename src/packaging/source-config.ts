/** What the timeline says of a source's tracks. */
import type { MuxAudioTrack, MuxPacket, MuxVideoTrack } from './segment-muxer.ts'
import type { AudioConfig, VideoConfig } from './timeline.ts'

/** The first segment with a configuration: what its frame rate is counted from. */
export interface FirstSegment {
  readonly end: number
  readonly videoPackets: readonly MuxPacket[]
  /** What the source says of its rate, if anything. */
  readonly frameRate: number | undefined
}

export function videoConfig(
  track: Pick<MuxVideoTrack, 'codecString' | 'displayWidth' | 'displayHeight'> & {
    readonly rotation?: MuxVideoTrack['rotation'] | undefined
  },
  segment: FirstSegment,
): VideoConfig {
  const turned = track.rotation === 90 || track.rotation === 270
  return {
    codec: track.codecString,
    width: turned ? track.displayHeight : track.displayWidth,
    height: turned ? track.displayWidth : track.displayHeight,
    frameRate: frameRate(segment),
  }
}

export function audioConfig(track: MuxAudioTrack): AudioConfig {
  return { codec: track.codecString, channels: track.channels, sampleRate: track.sampleRate }
}

/** Rates that cameras and encoders have; NTSC's are fractions. */
const USUAL_RATES = [
  10,
  12,
  15,
  20,
  24_000 / 1001,
  24,
  25,
  30_000 / 1001,
  30,
  48,
  50,
  60_000 / 1001,
  60,
  100,
  120,
]

/** What was counted; what the source says when that agrees; else a usual rate when it is near. */
function frameRate({ videoPackets, frameRate: told, end }: FirstSegment): number {
  const first = videoPackets.reduce((earliest, packet) => Math.min(earliest, packet.seconds), end)
  const counted = videoPackets.length / Math.max(0.001, end - first)
  if (told && Math.abs(told / counted - 1) < 0.03) return Math.round(told * 1000) / 1000
  const usual = USUAL_RATES.reduce((best, rate) =>
    Math.abs(rate - counted) < Math.abs(best - counted) ? rate : best,
  )
  return Math.round((Math.abs(usual / counted - 1) < 0.015 ? usual : counted) * 1000) / 1000
}
