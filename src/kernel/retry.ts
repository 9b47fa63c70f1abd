/** Tries until it works: for what must be written down once the database is back. */
const FIRST_DELAY_MS = 250
const LONGEST_DELAY_MS = 10_000

export interface RetryOptions {
  /** Aborted: gives up after the attempt under way, and resolves. */
  readonly signal: AbortSignal
  readonly onRetry: (error: unknown, attempt: number) => void
}

/** Resolves when `work` has; never rejects. Delays double from 250 ms to 10 s. */
export async function retryUntilDone(work: () => Promise<void>, options: RetryOptions): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work()
      return
    } catch (error) {
      if (options.signal.aborted) return
      options.onRetry(error, attempt)
      const wait = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1))
      await pause(wait, options.signal)
      if (options.signal.aborted) return
    }
  }
}

/** Resolves after `ms`, or when aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    if (signal.aborted) done()
    else signal.addEventListener('abort', done)
  })
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
