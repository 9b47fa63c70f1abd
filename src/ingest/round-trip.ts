/**
 * How long it takes to a peer and back, by RTMP's own ping (RTMP 1.0 §7.1.7, User Control 6 and 7). A peer
 * that has not answered is not asked again: what lies unread at an encoder that leaves makes its kernel
 * reset the connection, and throw away the end of what it sent.
 */
const PING_EVERY_MS = 5_000
/** Later answers are measured with whatever else delays them. */
const HURRY_MS = 500

export class RoundTrip {
  /** When the last ping was sent; its timestamp is its time. */
  #askedMs = -Infinity
  #answered = true
  #milliseconds: number | undefined

  /** As last measured; undefined while the peer has answered no ping. Many encoders answer none. */
  get milliseconds(): number | undefined {
    return this.#milliseconds
  }

  /** True: now is the time to ping, with this time; it is taken as sent. */
  ask(nowMs: number): boolean {
    if (!this.#answered || nowMs - this.#askedMs < PING_EVERY_MS) return false
    this.#askedMs = nowMs
    this.#answered = false
    return true
  }

  /** An answer may come any moment, and its time counts. */
  awaits(nowMs: number): boolean {
    return !this.#answered && nowMs - this.#askedMs < HURRY_MS
  }

  /** `timestampMs`: as the peer sent it back. */
  answer(timestampMs: number, nowMs: number): void {
    // To none of ours.
    if (timestampMs !== Math.trunc(this.#askedMs) >>> 0) return
    this.#answered = true
    this.#milliseconds = Math.round(nowMs - this.#askedMs)
  }
}
