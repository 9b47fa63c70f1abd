/**
 * Who watches live over HTTP and WebSocket: so many for each address, and all ended together when the
 * program stops, since a live stream never ends by itself.
 */
import { AddressLimits } from '../../ingest/address-limits.ts'
import { AppError } from '../../kernel/errors.ts'

export interface LivePlace extends Disposable {
  /** Aborted when the program stops. */
  readonly signal: AbortSignal
}

export class LivePlaces {
  readonly #limits: AddressLimits
  readonly #closing = new AbortController()
  #taken = 0

  /** `maxPerAddress` 0: no limit. */
  constructor(maxPerAddress: number) {
    this.#limits = new AddressLimits({ maxConnections: maxPerAddress, maxHandshakes: 0 })
  }

  get taken(): number {
    return this.#taken
  }

  /** Disposed when the viewer has left. Throws AppError `too-many-requests`. */
  take(remoteAddress: string): LivePlace {
    const seat = this.#limits.take(remoteAddress)
    if (!seat) throw new AppError('too-many-requests', 'Too many live viewers come from one address already.')
    this.#taken += 1
    let left = false
    return {
      signal: this.#closing.signal,
      [Symbol.dispose]: () => {
        if (left) return
        left = true
        this.#taken -= 1
        seat.leave()
      },
    }
  }

  close(): void {
    this.#closing.abort()
  }
}
