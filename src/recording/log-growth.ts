/** How far a log file that is being written can be read: told by the writer, waited on by readers in this process. */
export class LogGrowth {
  #bytes = 0
  #ended = false
  readonly #waiting = new Set<() => void>()

  /** Bytes on disk that end with a whole tag. */
  get bytes(): number {
    return this.#bytes
  }

  /** Nothing will be added. */
  get ended(): boolean {
    return this.#ended
  }

  /** The writer's: `bytes` are there now. */
  grown(bytes: number): void {
    this.#bytes = bytes
    this.#wake()
  }

  /** The writer's: the file is complete. */
  end(): void {
    this.#ended = true
    this.#wake()
  }

  /** Resolves when there is more than `bytes`, or the end. Rejects with the signal's reason. */
  beyond(bytes: number, signal?: AbortSignal): Promise<void> {
    return waitUntil(this.#waiting, () => this.#bytes > bytes || this.#ended, signal)
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}

/** Resolves when `reached` holds, looked at now and whenever one of `waiting` is called. */
export function waitUntil(
  waiting: Set<() => void>,
  reached: () => boolean,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    if (reached()) return resolve()
    const stop = () => {
      waiting.delete(look)
      signal?.removeEventListener('abort', onAbort)
    }
    const look = () => {
      if (!reached()) return
      stop()
      resolve()
    }
    const onAbort = () => {
      stop()
      reject(signal?.reason)
    }
    waiting.add(look)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
