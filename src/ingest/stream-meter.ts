/**
 * How an encoder does, measured at the door: frames are counted as they come, figures are taken once a
 * second and hold for the last ten. Costs a few numbers for each stream.
 */
import { ArrivalClock } from './arrival-clock.ts'
import type { SentNote } from './live-stream.ts'
import { AUDIO, VIDEO } from './media-message.ts'
import { learnFormat, type StreamFormat, UNKNOWN_FORMAT } from './stream-format.ts'

/** Over the last ten seconds unless said otherwise. */
export interface StreamSignal {
  readonly format: StreamFormat
  /** As sent, on the encoder's clock. */
  readonly frameRate: number | undefined
  /** Between the last two keyframes, or since the last when that is longer; on the encoder's clock. */
  readonly keyframeMs: number | undefined
  /** Of the frames there should have been, the share that never came: holes in the timestamps. */
  readonly missingShare: number
  /** Of those that came, the share that was more than a second late. */
  readonly lateShare: number
  /** Since the connection began. */
  readonly missingFrames: number
  readonly lateFrames: number
  /** How late the latest frame was. */
  readonly worstLateMs: number
  /** Milliseconds of media for each millisecond: 1 when the encoder keeps up. */
  readonly pace: number | undefined
  /** Sound's timestamps minus the picture's, of what arrives together. */
  readonly avSkewMs: number | undefined
  /** How much slower the encoder's clock runs than ours, millionths, over minutes. */
  readonly driftPpm: number | undefined
  /** Since anything came; since the last picture, and the last sound: undefined when none ever came. */
  readonly silentMs: number
  readonly pictureSilentMs: number | undefined
  readonly soundSilentMs: number | undefined
  /** Every two seconds of the last five minutes, oldest first. */
  readonly history: readonly SignalSample[]
}

export interface SignalSample {
  /** Unix time. */
  readonly atMs: number
  readonly bitsPerSecond: number
  readonly frameRate: number
}

interface Second {
  readonly nowMs: number
  readonly bytes: number
  readonly frames: number
  readonly missing: number
  readonly late: number
  readonly elapsedMs: number | undefined
  readonly worstLateMs: number
}

const WINDOW_SECONDS = 10
const BITRATE_SECONDS = 5
const SAMPLE_EVERY = 2
const MAX_SAMPLES = 150
/** Milliseconds are what timestamps count in: the hole has to be clear. */
const HOLE = 1.7

export class StreamMeter {
  readonly #clock = new ArrivalClock()
  #format = UNKNOWN_FORMAT
  #frames = 0
  #missing = 0
  /** Usual time between two frames, from those without a hole between them. */
  #stepMs: number | undefined
  #keyframeAtMs: number | undefined
  #keyframeMs: number | undefined
  #lastMs: number
  #lastPictureMs: number | undefined
  #lastSoundMs: number | undefined
  #seconds: Second[] = []
  readonly #history: SignalSample[] = []
  #taken = 0

  constructor(nowMs: number) {
    this.#lastMs = nowMs
    this.#seconds.push(this.#second(0, nowMs, 0))
  }

  count(frame: SentNote, nowMs: number): void {
    this.#format = learnFormat(this.#format, frame)
    if (frame.kind === 'header' || frame.kind === 'metadata') return
    this.#lastMs = nowMs
    const stepMs = this.#clock.arrived(frame.type, frame.timestampMs, nowMs)
    if (frame.type === AUDIO) this.#lastSoundMs = nowMs
    if (frame.type !== VIDEO) return
    this.#lastPictureMs = nowMs
    this.#frames += 1
    if (stepMs === undefined) this.#keyframeAtMs = undefined
    else this.#findHole(stepMs)
    if (frame.kind === 'sync') this.#keyframe()
  }

  /** Nothing was read for a while for want of room on our side: what comes now is late by our fault. */
  resume(): void {
    this.#clock.restart()
    this.#keyframeAtMs = undefined
    this.#seconds = this.#seconds.slice(-1)
  }

  /** Once a second. `bytes`: of media, since the beginning. */
  endSecond(bytes: number, nowMs: number): void {
    this.#seconds.push(this.#second(bytes, nowMs, this.#clock.endSecond(nowMs)))
    if (this.#seconds.length > WINDOW_SECONDS + 1) this.#seconds.shift()
    this.#taken += 1
    if (this.#taken % SAMPLE_EVERY !== 0) return
    this.#history.push({
      atMs: Date.now(),
      bitsPerSecond: this.bitsPerSecond,
      frameRate: this.#frameRate() ?? 0,
    })
    if (this.#history.length > MAX_SAMPLES) this.#history.shift()
  }

  /** Over the last five seconds. */
  get bitsPerSecond(): number {
    const last = this.#seconds.at(-1)
    const before = this.#seconds.at(-1 - BITRATE_SECONDS) ?? this.#seconds[0]
    if (!last || !before || last.nowMs <= before.nowMs) return 0
    return Math.round(((last.bytes - before.bytes) * 8000) / (last.nowMs - before.nowMs))
  }

  signal(nowMs: number): StreamSignal {
    const { first, last } = this.#ends()
    const frames = last.frames - first.frames
    const missing = last.missing - first.missing
    const elapsedMs = this.#clock.elapsedMs(VIDEO)
    const sinceKeyframeMs =
      elapsedMs === undefined || this.#keyframeAtMs === undefined ? 0 : elapsedMs - this.#keyframeAtMs
    return {
      format: this.#format,
      frameRate: this.#frameRate(),
      keyframeMs:
        sinceKeyframeMs > (this.#keyframeMs ?? 0) * HOLE && sinceKeyframeMs > 1000
          ? sinceKeyframeMs
          : this.#keyframeMs,
      missingShare: missing === 0 ? 0 : missing / (frames + missing),
      lateShare: frames === 0 ? 0 : Math.min(1, (last.late - first.late) / frames),
      missingFrames: this.#missing,
      lateFrames: this.#clock.late,
      worstLateMs: Math.max(0, ...this.#seconds.slice(1).map(({ worstLateMs }) => worstLateMs)),
      pace: this.#pace(last),
      avSkewMs: this.#clock.skewMs,
      driftPpm: this.#clock.driftPpm,
      silentMs: Math.max(0, nowMs - this.#lastMs),
      pictureSilentMs: this.#lastPictureMs === undefined ? undefined : nowMs - this.#lastPictureMs,
      soundSilentMs: this.#lastSoundMs === undefined ? undefined : nowMs - this.#lastSoundMs,
      history: this.#history,
    }
  }

  #findHole(stepMs: number): void {
    if (stepMs <= 0) return
    const usualMs = this.#stepMs ?? stepMs
    const { announcedFrameRate } = this.#format
    // Whoever announces 60 and sends 30 sends 30: only what the frames themselves do not keep up counts.
    const nominalMs =
      announcedFrameRate === undefined ? usualMs : Math.max(usualMs, 1000 / announcedFrameRate)
    if (stepMs > nominalMs * HOLE) this.#missing += Math.round(stepMs / nominalMs) - 1
    // Followed faster downwards, so that a first hole is no measure, and upwards when holes are the rule.
    this.#stepMs = usualMs + (stepMs - usualMs) / (stepMs < usualMs ? 4 : 64)
  }

  #keyframe(): void {
    const atMs = this.#clock.elapsedMs(VIDEO)
    if (atMs !== undefined && this.#keyframeAtMs !== undefined) this.#keyframeMs = atMs - this.#keyframeAtMs
    this.#keyframeAtMs = atMs
  }

  #frameRate(): number | undefined {
    const { first, last } = this.#ends()
    const frames = last.frames - first.frames
    if (frames === 0) return last.frames === 0 ? undefined : 0
    const passedMs =
      first.elapsedMs === undefined || last.elapsedMs === undefined
        ? last.nowMs - first.nowMs
        : last.elapsedMs - first.elapsedMs
    return passedMs > 0 ? Math.round((frames * 100_000) / passedMs) / 100 : undefined
  }

  #pace(last: Second): number | undefined {
    const first = this.#seconds.find(({ elapsedMs }) => elapsedMs !== undefined)
    if (first?.elapsedMs === undefined || last.elapsedMs === undefined) return undefined
    const passedMs = last.nowMs - first.nowMs
    return passedMs < 4000 ? undefined : (last.elapsedMs - first.elapsedMs) / passedMs
  }

  #ends(): { readonly first: Second; readonly last: Second } {
    const last = this.#seconds.at(-1) ?? this.#second(0, this.#lastMs, 0)
    return { first: this.#seconds[0] ?? last, last }
  }

  #second(bytes: number, nowMs: number, worstLateMs: number): Second {
    return {
      nowMs,
      bytes,
      frames: this.#frames,
      missing: this.#missing,
      late: this.#clock.late,
      elapsedMs: this.#clock.elapsedMs(VIDEO),
      worstLateMs,
    }
  }
}
