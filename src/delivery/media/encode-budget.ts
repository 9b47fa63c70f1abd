/**
 * How much may be encoded since viewers wait for it: seconds of video in one quality, by one address and by all of
 * them. Places in the waiting room bound what is waited for at once; this bounds what somebody can have made who
 * walks through every segment of every quality. Two buckets that fill evenly and hold what ten minutes bring.
 */
export interface BudgetLimits {
  /** Seconds of video in an hour. */
  readonly ofAddress: number
  readonly ofAll: number
}

/** Gives back what was not made after all. */
export type Refund = () => void

export type Charge =
  | { readonly granted: true; readonly refund: Refund }
  | { readonly granted: false; readonly retryAfterSeconds: number }

interface Bucket {
  left: number
  at: number
}

const HOUR_SECONDS = 3600
/** The share of an hour's allowance that may be spent at once. */
const BURST = 1 / 6
const MAX_RETRY_AFTER_SECONDS = 60
const MAX_ADDRESSES = 10_000

export class EncodeBudget {
  readonly #limits: BudgetLimits
  readonly #now: () => number
  readonly #all: Bucket
  readonly #addresses = new Map<string, Bucket>()

  /** `now`: milliseconds. */
  constructor(limits: BudgetLimits, now: () => number = () => performance.now()) {
    this.#limits = limits
    this.#now = now
    this.#all = { left: limits.ofAll * BURST, at: now() }
  }

  charge(address: string, seconds: number): Charge {
    const own = this.#bucketOf(address)
    fill(own, this.#limits.ofAddress, this.#now())
    fill(this.#all, this.#limits.ofAll, this.#now())
    const wait = Math.max(
      waitFor(own, this.#limits.ofAddress, seconds),
      waitFor(this.#all, this.#limits.ofAll, seconds),
    )
    if (wait > 0)
      return { granted: false, retryAfterSeconds: Math.min(MAX_RETRY_AFTER_SECONDS, Math.ceil(wait)) }
    own.left -= seconds
    this.#all.left -= seconds
    let given = false
    return {
      granted: true,
      refund: () => {
        if (given) return
        given = true
        own.left += seconds
        this.#all.left += seconds
      },
    }
  }

  #bucketOf(address: string): Bucket {
    const bucket = this.#addresses.get(address) ?? { left: this.#limits.ofAddress * BURST, at: this.#now() }
    // Those who ask are last: of too many who is forgotten has not asked for longest.
    this.#addresses.delete(address)
    this.#addresses.set(address, bucket)
    const oldest = this.#addresses.keys().next().value
    if (this.#addresses.size > MAX_ADDRESSES && oldest !== undefined) this.#addresses.delete(oldest)
    return bucket
  }
}

function fill(bucket: Bucket, perHour: number, now: number): void {
  const brought = ((now - bucket.at) / 1000) * (perHour / HOUR_SECONDS)
  bucket.left = Math.min(perHour * BURST, bucket.left + brought)
  bucket.at = now
}

/** Seconds until so much is there. One chunk is always within reach of a full bucket. */
function waitFor(bucket: Bucket, perHour: number, seconds: number): number {
  const lacking = Math.min(seconds, perHour * BURST) - bucket.left
  return lacking > 0 ? lacking / (perHour / HOUR_SECONDS) : 0
}
