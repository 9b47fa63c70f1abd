/** How far a log file that is being written can be read: told by the writer, waited on by readers in this process. */

/** What readers know of it. */
export interface GrowingLog {
  /** Bytes on disk that end with a whole tag. */
  readonly bytes: number
  /** Nothing will be added. */
  readonly ended: boolean
  /** Resolves when there is more than `bytes`, or the end. Rejects with the signal's reason. */
  beyond(bytes: number, signal?: AbortSignal): Promise<void>
  /** The same for who needs whole groups of pictures: resolves when there is a keyframe, or after a while. */
  beyondGroup(bytes: number, signal?: AbortSignal): Promise<void>
}

/** Without any keyframes there is sound alone; with some, they are not far apart. */
const LONGEST_WAIT_MS = { sound: 1000, pictures: 3000 } as const

export class LogGrowth implements GrowingLog {
  #bytes = 0
  /** Bytes with the newest keyframe; 0: there was none. */
  #keyframeBytes = 0
  #ended = false
  readonly #waiting = new Set<() => void>()

  get bytes(): number {
    return this.#bytes
  }

  get ended(): boolean {
    return this.#ended
  }

  /** The writer's: `bytes` are there now, the new ones with a keyframe among them or without. */
  grown(bytes: number, keyframe: boolean): void {
    this.#bytes = bytes
    if (keyframe) this.#keyframeBytes = bytes
    this.#wake()
  }

  /** The writer's: the file is complete. */
  end(): void {
    this.#ended = true
    this.#wake()
  }

  beyond(bytes: number, signal?: AbortSignal): Promise<void> {
    return waitUntil(this.#waiting, () => this.#bytes > bytes || this.#ended, signal)
  }

  async beyondGroup(bytes: number, signal?: AbortSignal): Promise<void> {
    const sinceMs = performance.now()
    const longestMs = LONGEST_WAIT_MS[this.#keyframeBytes > 0 ? 'pictures' : 'sound']
    const due = () => this.#keyframeBytes > bytes || performance.now() - sinceMs >= longestMs
    // After an encoder that stands still nothing comes that would have us look; a moment later, as timers fire early.
    const timer = setTimeout(() => this.#wake(), longestMs + 10)
    try {
      await waitUntil(this.#waiting, () => this.#ended || (this.#bytes > bytes && due()), signal)
    } finally {
      clearTimeout(timer)
    }
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
