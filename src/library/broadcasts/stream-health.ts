/** How an encoder does, in figures and in words its owner can act on. */
import type { TimelineInit } from '../../packaging/timeline.ts'

/** What ingest counts on the connection. */
export interface ReceivedMedia {
  readonly bitsPerSecond: number
  readonly keyframeIntervalMs: number | undefined
  readonly videoFrames: number
  readonly audioFrames: number
  readonly connectedMs: number
}

export interface StreamHealth {
  readonly videoCodec: string | null
  readonly audioCodec: string | null
  readonly width: number | null
  readonly height: number | null
  readonly frameRate: number | null
  readonly bitsPerSecond: number
  readonly keyframeSeconds: number | null
  readonly warnings: string[]
}

const LONG_KEYFRAME_SECONDS = 4.5
/** Long enough that both kinds must have arrived. */
const SETTLED_MS = 5000
const MAX_BITS_PER_SECOND = 60_000_000

export function judgeHealth(media: ReceivedMedia, init: TimelineInit | undefined): StreamHealth {
  const keyframeSeconds = media.keyframeIntervalMs === undefined ? null : media.keyframeIntervalMs / 1000
  const warnings: string[] = []
  const settled = media.connectedMs > SETTLED_MS
  if (keyframeSeconds !== null && keyframeSeconds > LONG_KEYFRAME_SECONDS) {
    warnings.push(
      `Keyframes come every ${shown(keyframeSeconds)} s: set the keyframe interval of your encoder to 2 s, so that viewers join and seek quickly.`,
    )
  }
  if (settled && keyframeSeconds === null && media.videoFrames > 0) {
    warnings.push('No second keyframe has come yet: set the keyframe interval of your encoder to 2 s.')
  }
  if (settled && media.videoFrames === 0)
    warnings.push('No picture arrives: check the video source of your encoder.')
  if (settled && media.audioFrames === 0)
    warnings.push('No sound arrives: check the audio source of your encoder.')
  if (settled && media.bitsPerSecond === 0)
    warnings.push('Nothing arrives at the moment: the connection may be lost.')
  if (media.bitsPerSecond > MAX_BITS_PER_SECOND) {
    warnings.push(
      `You send ${Math.round(media.bitsPerSecond / 1_000_000)} Mbit/s: many viewers cannot receive that much.`,
    )
  }
  return {
    videoCodec: init?.video?.codec ?? null,
    audioCodec: init?.audio?.codec ?? null,
    width: init?.video?.width ?? null,
    height: init?.video?.height ?? null,
    frameRate: init?.video?.frameRate ?? null,
    bitsPerSecond: media.bitsPerSecond,
    keyframeSeconds,
    warnings,
  }
}

const shown = (seconds: number) => String(Math.round(seconds * 10) / 10)
