/**
 * When frames arrive, against when they say they are: how late they are, and whether the encoder's clock
 * runs as ours does. A frame's lag is its arrival minus its timestamp; of the lags only differences mean
 * something. The least lag of a while is that of a frame nothing held up.
 */
import { AUDIO, type MediaMessage, VIDEO } from './media-message.ts'

/** Seconds, one bucket each, over which the least lag counts as "nothing held it up". */
const BASE_SECONDS = 20
/** Before that the clocks' difference is lost in the noise. */
const DRIFT_AFTER_MS = 60_000
/** A jump of the timestamps, not time that passed. */
const JUMP_MS = 10_000
const LATE_MS = 1000

class Track {
  lastMs: number
  /** On the encoder's clock, without wraps, from the first frame of all. */
  elapsedMs: number
  /** Of this second; Infinity: none came. */
  leastLagMs = Infinity
  /** The least of the last seconds. */
  baseMs = Infinity
  readonly #buckets: number[] = []

  constructor(timestampMs: number, originMs: number) {
    this.lastMs = timestampMs
    this.elapsedMs = (timestampMs - originMs) | 0
  }

  /** Enough is known to compare. */
  get settled(): boolean {
    return this.#buckets.length === BASE_SECONDS
  }

  endSecond(): void {
    if (this.leastLagMs === Infinity) return
    this.#buckets.push(this.leastLagMs)
    if (this.#buckets.length > BASE_SECONDS) this.#buckets.shift()
    this.baseMs = Math.min(...this.#buckets)
    this.leastLagMs = Infinity
  }
}

export class ArrivalClock {
  #originMs: number | undefined
  readonly #tracks = new Map<MediaMessage['type'], Track>()
  #first: { readonly atMs: number; readonly lagMs: number } | undefined
  #skewMs: number | undefined
  #driftPpm: number | undefined
  #worstMs = 0
  #late = 0

  /** On the encoder's clock since the stream began or jumped. Undefined: of that kind nothing came. */
  elapsedMs(type: MediaMessage['type']): number | undefined {
    return this.#tracks.get(type)?.elapsedMs
  }

  /** Frames so far that came more than a second later than others. */
  get late(): number {
    return this.#late
  }

  /** Sound minus picture, of what arrives together: positive when the sound's timestamps are ahead. */
  get skewMs(): number | undefined {
    return this.#skewMs
  }

  /** How much slower the encoder's clock runs than ours, millionths. */
  get driftPpm(): number | undefined {
    return this.#driftPpm
  }

  /** Returns the time since the frame before it of its kind, on the encoder's clock; undefined after a jump. */
  arrived(type: MediaMessage['type'], timestampMs: number, nowMs: number): number | undefined {
    let stepMs: number | undefined
    let track = this.#tracks.get(type)
    if (track) {
      stepMs = (timestampMs - track.lastMs) | 0
      if (Math.abs(stepMs) > JUMP_MS) {
        this.restart()
        track = undefined
        stepMs = undefined
      }
    }
    this.#originMs ??= timestampMs
    if (track) {
      track.lastMs = timestampMs
      track.elapsedMs += stepMs ?? 0
    } else {
      track = new Track(timestampMs, this.#originMs)
      this.#tracks.set(type, track)
    }
    const lagMs = nowMs - track.elapsedMs
    track.leastLagMs = Math.min(track.leastLagMs, lagMs)
    const behindMs = lagMs - Math.min(track.leastLagMs, track.baseMs)
    if (behindMs > LATE_MS && type === VIDEO) this.#late += 1
    this.#worstMs = Math.max(this.#worstMs, behindMs)
    return stepMs
  }

  /** A second is over. Returns how late the latest frame in it was, in milliseconds. */
  endSecond(nowMs: number): number {
    const [video, audio] = [this.#tracks.get(VIDEO), this.#tracks.get(AUDIO)]
    const skewMs = (video?.leastLagMs ?? Infinity) - (audio?.leastLagMs ?? Infinity)
    if (Number.isFinite(skewMs))
      this.#skewMs = this.#skewMs === undefined ? skewMs : this.#skewMs + (skewMs - this.#skewMs) / 4
    for (const track of this.#tracks.values()) track.endSecond()
    const clock = video ?? audio
    if (clock?.settled) this.#measureDrift(clock.baseMs, nowMs)
    const worstMs = this.#worstMs
    this.#worstMs = 0
    return worstMs
  }

  /** What was held up was held up by us, or the timestamps are others now. */
  restart(): void {
    this.#originMs = undefined
    this.#tracks.clear()
    this.#first = undefined
    this.#skewMs = undefined
  }

  #measureDrift(lagMs: number, nowMs: number): void {
    this.#first ??= { atMs: nowMs, lagMs }
    const passedMs = nowMs - this.#first.atMs
    if (passedMs >= DRIFT_AFTER_MS)
      this.#driftPpm = Math.round(((lagMs - this.#first.lagMs) / passedMs) * 1_000_000)
  }
}
