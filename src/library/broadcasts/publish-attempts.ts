/**
 * Refused publishes for each address: guessing keys is made slow, a mistyped key costs nothing.
 * A sliding window; addresses are forgotten when it has passed and the table is bounded.
 */
const WINDOW_MS = 60_000
const MAX_REFUSALS = 10
const MAX_ADDRESSES = 10_000

export class PublishAttempts {
  readonly #refusals = new Map<string, number[]>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Whole seconds until the address may try again; 0 when it may now. */
  waitSeconds(address: string): number {
    const recent = this.#recent(address)
    const oldest = recent[recent.length - MAX_REFUSALS]
    return oldest === undefined ? 0 : Math.max(1, Math.ceil((oldest + WINDOW_MS - this.#now()) / 1000))
  }

  refused(address: string): void {
    const recent = [...this.#recent(address), this.#now()].slice(-MAX_REFUSALS)
    this.#refusals.delete(address)
    this.#refusals.set(address, recent)
    if (this.#refusals.size > MAX_ADDRESSES) {
      const oldest = this.#refusals.keys().next().value
      if (oldest !== undefined) this.#refusals.delete(oldest)
    }
  }

  #recent(address: string): readonly number[] {
    const since = this.#now() - WINDOW_MS
    const recent = (this.#refusals.get(address) ?? []).filter((time) => time > since)
    if (recent.length === 0) this.#refusals.delete(address)
    return recent
  }
}
