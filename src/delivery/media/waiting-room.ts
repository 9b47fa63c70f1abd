/**
 * How many requests may wait for segments that are not made yet. Each costs a connection and keeps the
 * encoder busy, so one address cannot take all the places: a player asks for one segment of each kind ahead.
 */
export const MAX_WAITING = 32
export const MAX_WAITING_FOR_EACH_ADDRESS = 4

export class WaitingRoom {
  readonly #max: number
  readonly #maxEach: number
  readonly #byAddress = new Map<string, number>()
  #waiting = 0

  constructor(max = MAX_WAITING, maxEach = MAX_WAITING_FOR_EACH_ADDRESS) {
    this.#max = max
    this.#maxEach = maxEach
  }

  get waiting(): number {
    return this.#waiting
  }

  /** Undefined: it is full. Dispose the place when the wait is over. */
  enter(address: string): Disposable | undefined {
    const own = this.#byAddress.get(address) ?? 0
    if (this.#waiting >= this.#max || own >= this.#maxEach) return undefined
    this.#waiting += 1
    this.#byAddress.set(address, own + 1)
    return {
      [Symbol.dispose]: () => {
        this.#waiting -= 1
        const left = (this.#byAddress.get(address) ?? 1) - 1
        if (left > 0) this.#byAddress.set(address, left)
        else this.#byAddress.delete(address)
      },
    }
  }
}
