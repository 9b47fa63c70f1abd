/** How an encoder does, in figures; health-warnings.ts has the words. */
import type { StreamSignal } from '../../ingest/stream-meter.ts'
import type { TimelineInit } from '../../packaging/timeline.ts'
import { healthWarnings } from './health-warnings.ts'

/** What ingest measures on the connection. */
export interface ReceivedMedia {
  readonly bitsPerSecond: number
  readonly videoFrames: number
  readonly connectedMs: number
  readonly roundTripMs: number | undefined
  /** `flashVer` of the connect command. */
  readonly encoder: string
  readonly signal: StreamSignal
}

export interface StreamHealth {
  readonly encoder: string
  readonly videoCodec: string | null
  readonly audioCodec: string | null
  readonly width: number | null
  readonly height: number | null
  readonly sampleRate: number | null
  readonly channels: number | null
  /** As received; before the first ten seconds as the encoder announces it. */
  readonly frameRate: number | null
  readonly announcedFrameRate: number | null
  readonly bitsPerSecond: number
  readonly keyframeSeconds: number | null
  /** Since the encoder connected: those that never came, and those more than a second late. */
  readonly missingFrames: number
  readonly lateFrames: number
  /** Seconds of media that arrive each second. */
  readonly pace: number | null
  /** Sound's timestamps minus the picture's. */
  readonly avSkewMs: number | null
  /** How much slower the encoder's clock runs than the server's, millionths. */
  readonly clockDriftPpm: number | null
  readonly roundTripMs: number | null
  readonly warnings: string[]
}

/** `init`: what packaging found, of codecs whose configuration is not read at the door. */
export function judgeHealth(media: ReceivedMedia, init: TimelineInit | undefined): StreamHealth {
  const { signal, roundTripMs } = media
  const { format } = signal
  const keyframeMs = signal.keyframeMs
  return {
    encoder: format.encoder ?? media.encoder,
    videoCodec: init?.video?.codec ?? format.videoCodec ?? null,
    audioCodec: init?.audio?.codec ?? format.audioCodec ?? null,
    width: init?.video?.width ?? format.width ?? null,
    height: init?.video?.height ?? format.height ?? null,
    sampleRate: init?.audio?.sampleRate ?? format.sampleRate ?? null,
    channels: init?.audio?.channels ?? format.channels ?? null,
    frameRate: usualRate(signal.frameRate, format.announcedFrameRate) ?? init?.video?.frameRate ?? null,
    announcedFrameRate: format.announcedFrameRate ?? null,
    bitsPerSecond: media.bitsPerSecond,
    keyframeSeconds: keyframeMs === undefined ? null : keyframeMs / 1000,
    missingFrames: signal.missingFrames,
    lateFrames: signal.lateFrames,
    pace: signal.pace === undefined ? null : round(signal.pace, 100),
    avSkewMs: signal.avSkewMs === undefined ? null : Math.round(signal.avSkewMs),
    clockDriftPpm: signal.driftPpm ?? null,
    roundTripMs: roundTripMs ?? null,
    warnings: healthWarnings(media),
  }
}

/** Milliseconds of timestamps make 59.88 of 60: what was announced, when it is that. */
function usualRate(measured: number | undefined, announced: number | undefined): number | undefined {
  if (measured === undefined) return announced
  return announced !== undefined && Math.abs(measured / announced - 1) < 0.02 ? announced : measured
}

const round = (value: number, steps: number) => Math.round(value * steps) / steps
