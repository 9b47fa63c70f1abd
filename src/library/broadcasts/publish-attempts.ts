/**
 * How often may be asked to publish. Guessing is made slow for the address that guesses, without locking
 * out its neighbours: an encoder that sends one wrong key again and again is no guesser, and a key that
 * was right a while ago is not asked about its address. And one key may not open sessions without end.
 * Keys are known here by their hash. Sliding windows; both tables are bounded.
 */
import { addressGroup } from '../../ingest/address-limits.ts'

const WINDOW_MS = 60_000
/** Different wrong keys from one address (of IPv6: one /64). */
const MAX_WRONG_KEYS = 10
/** With one key: more than any encoder tries again by itself. */
const MAX_PER_KEY = 120
const MAX_REMEMBERED = 10_000

export class PublishAttempts {
  readonly #now: () => number
  /** Address to wrong keys and when each was sent first. */
  readonly #wrong = new Map<string, Map<string, number>>()
  /** Key to when it was sent, oldest first. */
  readonly #asked = new Map<string, number[]>()
  readonly #right = new Set<string>()

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Somebody asks. A reason in words when they are not to be answered now; else undefined. */
  ask(address: string, keyHash: string): string | undefined {
    const ofKey = this.#recent(this.#asked.get(keyHash) ?? [])
    const tooOften = ofKey[ofKey.length - MAX_PER_KEY]
    if (tooOften !== undefined)
      return `Too many attempts with this stream key. Try again in ${this.#secondsUntil(tooOften)} s.`
    remember(this.#asked, keyHash, [...ofKey, this.#now()])
    if (this.#right.has(keyHash)) return undefined
    const wrong = this.#wrongOf(addressGroup(address))
    // Sent before and wrong: it costs a look, and tells nothing new.
    if (wrong.has(keyHash) || wrong.size < MAX_WRONG_KEYS) return undefined
    const [oldest = this.#now()] = wrong.values()
    return `Too many wrong stream keys from your address. Try again in ${this.#secondsUntil(oldest)} s.`
  }

  wrong(address: string, keyHash: string): void {
    this.#right.delete(keyHash)
    const group = addressGroup(address)
    const wrong = this.#wrongOf(group)
    if (!wrong.has(keyHash)) wrong.set(keyHash, this.#now())
    remember(this.#wrong, group, wrong)
  }

  right(keyHash: string): void {
    this.#right.delete(keyHash)
    this.#right.add(keyHash)
    for (const oldest of this.#right) {
      if (this.#right.size <= MAX_REMEMBERED) break
      this.#right.delete(oldest)
    }
  }

  #wrongOf(group: string): Map<string, number> {
    const since = this.#now() - WINDOW_MS
    return new Map([...(this.#wrong.get(group) ?? [])].filter(([, time]) => time > since))
  }

  #recent(times: readonly number[]): number[] {
    const since = this.#now() - WINDOW_MS
    return times.filter((time) => time > since)
  }

  #secondsUntil(first: number): number {
    return Math.max(1, Math.ceil((first + WINDOW_MS - this.#now()) / 1000))
  }
}

/** As the newest; the oldest is forgotten when there are too many. */
function remember<V>(table: Map<string, V>, name: string, value: V): void {
  table.delete(name)
  table.set(name, value)
  if (table.size <= MAX_REMEMBERED) return
  const oldest = table.keys().next().value
  if (oldest !== undefined) table.delete(oldest)
}
