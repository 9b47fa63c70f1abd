/** What came on a message stream, counted as it comes and read as a snapshot. */
import type { LiveFrame } from './live-frame.ts'
import { AUDIO, VIDEO } from './media-message.ts'
import type { SessionState, StreamUse } from './session-state.ts'

export interface MediaStats {
  readonly audioFrames: number
  readonly videoFrames: number
  readonly keyframes: number
  /** Between the last two keyframes, on the encoder's clock; undefined before the second. */
  readonly keyframeIntervalMs: number | undefined
  /** Over the last sweep. */
  readonly bitsPerSecond: number
}

/** Of who sends none. */
export const NO_MEDIA: MediaStats = {
  audioFrames: 0,
  videoFrames: 0,
  keyframes: 0,
  keyframeIntervalMs: undefined,
  bitsPerSecond: 0,
}

/** A message stream in use, or a connection without one. */
export interface ConnectionSnapshot extends MediaStats {
  /** The connection's: several streams of one share it. */
  readonly id: string
  readonly remoteAddress: string
  readonly phase: SessionState['phase'] | StreamUse['phase']
  /** Public name of what is published or played. */
  readonly streamName: string | undefined
  readonly encoder: string
  readonly connectedMs: number
  readonly receivedBytes: number
  readonly sentBytes: number
}

export class ConnectionStats {
  #audioFrames = 0
  #videoFrames = 0
  #keyframes = 0
  #keyframeMs = 0
  #keyframeIntervalMs: number | undefined
  #bitsPerSecond = 0
  #measuredBytes = 0
  #measuredMs: number

  constructor(nowMs: number) {
    this.#measuredMs = nowMs
  }

  count(frame: LiveFrame): void {
    if (frame.kind === 'header') return
    if (frame.type === AUDIO) this.#audioFrames += 1
    else if (frame.type === VIDEO) this.#videoFrames += 1
    if (frame.kind !== 'sync') return
    if (this.#keyframes > 0) this.#keyframeIntervalMs = (frame.timestampMs - this.#keyframeMs) >>> 0
    this.#keyframes += 1
    this.#keyframeMs = frame.timestampMs
  }

  measure(receivedBytes: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#measuredMs
    if (elapsedMs <= 0) return
    const bytes = Math.max(0, receivedBytes - this.#measuredBytes)
    this.#bitsPerSecond = Math.round((bytes * 8000) / elapsedMs)
    this.#measuredBytes = receivedBytes
    this.#measuredMs = nowMs
  }

  snapshot(): MediaStats {
    return {
      audioFrames: this.#audioFrames,
      videoFrames: this.#videoFrames,
      keyframes: this.#keyframes,
      keyframeIntervalMs: this.#keyframeIntervalMs,
      bitsPerSecond: this.#bitsPerSecond,
    }
  }
}
