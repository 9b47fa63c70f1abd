/** Work for one thing is done one after another; for different things at once. */
export class Turns<Key> {
  readonly #last = new Map<Key, Promise<unknown>>()

  /** After whatever was begun before for the same key, failed or not. Settles as `work` does. */
  async take<T>(key: Key, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const turn = before.then(work, work)
    this.#last.set(key, turn)
    try {
      return await turn
    } finally {
      if (this.#last.get(key) === turn) this.#last.delete(key)
    }
  }

  /** Resolves when what was begun is done, failed or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#last.values())
  }
}
