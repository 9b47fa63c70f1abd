/**
 * How many requests may wait for segments that are not made yet. What costs is the encoder, so places are
 * counted by what is waited for: many viewers of one segment take one place. One address cannot take all
 * of them; a player asks for one segment of each kind ahead. Those who join a wait cost a connection, and
 * are bounded too.
 */
const LIMITS: WaitingLimits = { files: 32, filesOfAddress: 6, requests: 2_000, requestsOfAddress: 200 }

export interface WaitingLimits {
  /** Different files waited for: by all, and by one address. */
  readonly files: number
  readonly filesOfAddress: number
  readonly requests: number
  readonly requestsOfAddress: number
}

interface Address {
  requests: number
  readonly files: Map<string, number>
}

export class WaitingRoom {
  readonly #limits: WaitingLimits
  readonly #addresses = new Map<string, Address>()
  readonly #files = new Map<string, number>()
  #waiting = 0

  constructor(limits: WaitingLimits = LIMITS) {
    this.#limits = limits
  }

  /** Requests. */
  get waiting(): number {
    return this.#waiting
  }

  /** `file` names what is waited for. Undefined: it is full. Dispose the place when the wait is over. */
  enter(address: string, file: string): Disposable | undefined {
    const limits = this.#limits
    const own = this.#addresses.get(address) ?? { requests: 0, files: new Map<string, number>() }
    if (this.#waiting >= limits.requests || own.requests >= limits.requestsOfAddress) return undefined
    if (!own.files.has(file) && own.files.size >= limits.filesOfAddress) return undefined
    if (!this.#files.has(file) && this.#files.size >= limits.files) return undefined
    this.#waiting += 1
    own.requests += 1
    this.#addresses.set(address, own)
    count(own.files, file, 1)
    count(this.#files, file, 1)
    return {
      [Symbol.dispose]: () => {
        this.#waiting -= 1
        own.requests -= 1
        count(own.files, file, -1)
        count(this.#files, file, -1)
        if (own.requests === 0) this.#addresses.delete(address)
      },
    }
  }
}

function count(files: Map<string, number>, file: string, by: number): void {
  const left = (files.get(file) ?? 0) + by
  if (left > 0) files.set(file, left)
  else files.delete(file)
}
