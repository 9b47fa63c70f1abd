/**
 * A worker from its start to its end: tests itself, takes jobs, says every few seconds how it is, and stops
 * taking them when an administrator wants it to. States: worker-registry.ts.
 */
import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { describeError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Worker } from './worker.ts'
import {
  WORKER_BEAT_MS,
  type WorkerCard,
  type WorkerPulse,
  type WorkerRegistry,
  type WorkerState,
} from './worker-registry.ts'

export interface WorkerLifeParts {
  readonly card: WorkerCard
  readonly registry: WorkerRegistry
  /** What is wrong, in words; undefined when it can work. */
  readonly selfTest: (signal: AbortSignal) => Promise<string | undefined>
  /** Begins to take jobs. */
  readonly start: () => Promise<Worker>
  readonly freeBytes: () => number
  /** What waits here for room, and why, in words. */
  readonly held?: () => WorkerPulse['held']
  readonly logger: Logger
  /** For tests. */
  readonly beatMs?: number
  readonly testAgainMs?: number
}

const TEST_AGAIN_MS = 15_000
const LEAVE_LIMIT_MS = 2_000

/** Resolves when it works, or is found unfit. Throws what `start` throws. */
export async function liveAsWorker(parts: WorkerLifeParts): Promise<AsyncDisposable> {
  const { card, registry, logger, beatMs = WORKER_BEAT_MS, testAgainMs = TEST_AGAIN_MS } = parts
  const stopping = new AbortController()
  const { signal } = stopping
  let worker: Worker | undefined
  let state: WorkerState = 'unfit'
  let trouble: string | undefined
  let testedAt = 0
  let unheard = false

  async function begin(): Promise<void> {
    testedAt = performance.now()
    const found = await parts.selfTest(signal)
    signal.throwIfAborted()
    if (found !== undefined && found !== trouble)
      logger.error({ workerId: card.id, trouble: found }, 'this worker cannot work; it tries again')
    trouble = found
    if (found !== undefined) return
    if (worker) await worker.resume()
    else worker = await parts.start()
    state = 'working'
    logger.info({ workerId: card.id, concurrency: card.concurrency }, 'worker takes jobs')
  }

  /** Undefined: the database does not answer; then everything stays as it is. */
  async function tell(): Promise<{ readonly drain: boolean } | undefined> {
    const pulse: WorkerPulse = {
      state,
      trouble,
      running: worker?.running ?? 0,
      held: parts.held?.() ?? {},
      load: loadavg()[0] ?? 0,
      freeBytes: parts.freeBytes(),
    }
    try {
      const wish = await registry.beat(card, pulse)
      unheard = false
      return wish
    } catch (error) {
      if (!unheard) logger.warn({ reason: describeError(error) }, 'this worker cannot say how it is')
      unheard = true
      return undefined
    }
  }

  async function look(): Promise<void> {
    const wish = await tell()
    if (wish?.drain === true && state === 'working') {
      logger.info({ workerId: card.id }, 'worker is drained: it hands back what it has')
      state = 'draining'
      await tell()
      await worker?.drain()
      state = 'drained'
      await tell()
    } else if (
      wish?.drain !== true &&
      (state === 'drained' || (state === 'unfit' && performance.now() - testedAt > testAgainMs))
    ) {
      if (state === 'drained') state = 'unfit'
      await begin()
      await tell()
    }
  }

  async function live(): Promise<void> {
    while (!signal.aborted) {
      await delay(beatMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      await look().catch((error: unknown) => {
        if (!signal.aborted) logger.error({ err: error }, 'worker')
      })
    }
  }

  await begin()
  await tell()
  const living = live()
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort()
      // First what it holds, so that others may have it at once.
      const before = worker
      await before?.[Symbol.asyncDispose]()
      await living
      // It may have begun in that very moment.
      if (worker !== before) await worker?.[Symbol.asyncDispose]()
      // A database that is away must not keep the program: its row grows old, and is forgotten.
      await Promise.race([
        registry.leave(card.id).catch(() => undefined),
        delay(LEAVE_LIMIT_MS, undefined, { ref: false }),
      ])
    },
  }
}
