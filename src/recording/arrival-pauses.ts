/** When nothing came of a connected encoder, so that the verdict can say where something is missing. */
import type { VerdictPause } from './verdict.ts'

/** Less is a beat, or a busy machine. */
const PAUSE_MS = 1000
/** What is kept of a part. */
const MAX_PAUSES = 100

export class ArrivalPauses {
  readonly #list: VerdictPause[] = []
  /** On performance.now's clock. */
  #lastMs = performance.now()

  /** The first ones, in order. */
  get list(): readonly VerdictPause[] {
    return this.#list
  }

  /** Audio or video came, after so many seconds of it in the part. */
  note(mediaSeconds: number): void {
    const nowMs = performance.now()
    const pausedMs = nowMs - this.#lastMs
    this.#lastMs = nowMs
    if (pausedMs < PAUSE_MS || this.#list.length >= MAX_PAUSES) return
    const at = new Date(Date.now() - pausedMs).toISOString()
    this.#list.push({ startSeconds: mediaSeconds, seconds: pausedMs / 1000, at })
  }
}
