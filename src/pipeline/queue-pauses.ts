/**
 * Queues that an administrator has stopped; kept in the database, so that a restart changes nothing. Nothing of a
 * stopped kind is begun; what is under way ends. What viewers wait for is made all the same.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { ALL_JOB_KINDS, type JobKind } from './job-kinds.ts'

export interface QueuePause {
  readonly kind: JobKind
  readonly pausedAt: Date
  /** Who did it; null: the person is gone. */
  readonly pausedBy: string | null
}

export interface QueuePauses {
  list(): Promise<readonly QueuePause[]>
  isPaused(kind: JobKind): Promise<boolean>
  /** Twice is once. */
  pause(kind: JobKind, by: string | null): Promise<void>
  resume(kind: JobKind): Promise<void>
}

export const PAUSABLE_KINDS: readonly JobKind[] = ALL_JOB_KINDS.filter((kind) => kind !== 'encode-now')

const LOOK_AGAIN_MS = 1_000

/** Resolves when the queue goes on. Rejects with the signal's reason. */
export async function untilResumed(
  pauses: Pick<QueuePauses, 'isPaused'>,
  kind: JobKind,
  signal: AbortSignal,
): Promise<void> {
  if (!PAUSABLE_KINDS.includes(kind)) return
  while (await pauses.isPaused(kind))
    await delay(LOOK_AGAIN_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
}
