/** Holding chunks while they are made: the lease is renewed, and with it is told how far the encoder is. */
import { AppError } from '../../kernel/errors.ts'
import type { ChunkProgress } from '../catalogue.ts'
import { LEASE_MS, LEASE_RENEW_MS } from '../chunk-states.ts'
import type { StepParts } from './step-parts.ts'

export interface ChunkLease extends AsyncDisposable {
  /** Aborted when the chunks are no longer ours or the job is told to stop. */
  readonly signal: AbortSignal
  /** Begins to count anew: what is told from here on are seconds of so many. */
  begin(durationSeconds: number): (madeSeconds: number) => void
}

/** Renews until disposed. */
export function keepLease(
  parts: Pick<StepParts, 'chunks' | 'logger'>,
  attemptId: string,
  stopping: AbortSignal,
): ChunkLease {
  const lost = new AbortController()
  let renewal: Promise<void> = Promise.resolve()
  let progress: ChunkProgress | undefined
  const timer = setInterval(() => {
    renewal = parts.chunks
      .renew(attemptId, LEASE_MS, progress)
      .then((held) =>
        held
          ? undefined
          : lost.abort(new AppError('conflict', 'The chunk is no longer held by this attempt.')),
      )
      // The database is away: the lease decides, and a result that comes too late is refused.
      .catch((error) => parts.logger.warn({ err: error }, 'lease could not be renewed'))
  }, LEASE_RENEW_MS)
  return {
    signal: AbortSignal.any([stopping, lost.signal]),
    begin(durationSeconds) {
      const startedMs = performance.now()
      progress = undefined
      return (madeSeconds) => {
        const tookSeconds = (performance.now() - startedMs) / 1000
        progress = {
          made: Math.min(1, Math.max(0, madeSeconds / durationSeconds)),
          speed: madeSeconds / Math.max(tookSeconds, 0.001),
        }
      }
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await renewal
    },
  }
}
