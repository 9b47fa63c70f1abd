/** What came on a message stream, counted as it comes and read as a snapshot. */
import type { SentNote } from './live-stream.ts'
import { AUDIO, VIDEO } from './media-message.ts'
import { StreamMeter, type StreamSignal } from './stream-meter.ts'

export interface MediaStats {
  readonly audioFrames: number
  readonly videoFrames: number
  readonly keyframes: number
  /** Between the last two keyframes, on the encoder's clock; undefined before the second. */
  readonly keyframeIntervalMs: number | undefined
  /** Over the last seconds. */
  readonly bitsPerSecond: number
  readonly signal: StreamSignal
}

/** Sweeps come a little early or late. */
const MEASURE_MS = 900

export class ConnectionStats {
  #audioFrames = 0
  #videoFrames = 0
  #keyframes = 0
  #keyframeMs = 0
  #keyframeIntervalMs: number | undefined
  #meter: StreamMeter
  #measuredMs: number

  constructor(nowMs: number) {
    this.#meter = new StreamMeter(nowMs)
    this.#measuredMs = nowMs
  }

  count(frame: SentNote, nowMs = performance.now()): void {
    this.#meter.count(frame, nowMs)
    if (frame.kind === 'header') return
    if (frame.type === AUDIO) this.#audioFrames += 1
    else if (frame.type === VIDEO) this.#videoFrames += 1
    if (frame.kind !== 'sync') return
    if (this.#keyframes > 0) this.#keyframeIntervalMs = (frame.timestampMs - this.#keyframeMs) >>> 0
    this.#keyframes += 1
    this.#keyframeMs = frame.timestampMs
  }

  /** Called every so often; figures are taken once a second. */
  measure(receivedBytes: number, nowMs: number): void {
    if (nowMs - this.#measuredMs < MEASURE_MS) return
    this.#meter.endSecond(receivedBytes, nowMs)
    this.#measuredMs = nowMs
  }

  /** We read nothing for a while, for want of room: what comes now is not late by the encoder's fault. */
  resume(): void {
    this.#meter.resume()
  }

  snapshot(nowMs: number): MediaStats {
    return {
      audioFrames: this.#audioFrames,
      videoFrames: this.#videoFrames,
      keyframes: this.#keyframes,
      keyframeIntervalMs: this.#keyframeIntervalMs,
      bitsPerSecond: this.#meter.bitsPerSecond,
      signal: this.#meter.signal(nowMs),
    }
  }
}
