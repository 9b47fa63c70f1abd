/** The workers there are, whatever process or machine they run in; implemented by database/workers.ts. */

/**
 *     (start) --self-test--> working --drain--> draining --> drained --resume--> working
 *                 |             ^
 *                 +--> unfit ---+ the self-test passes after all
 */
export type WorkerState = 'working' | 'unfit' | 'draining' | 'drained'

/** What does not change while it runs. */
export interface WorkerCard {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly version: string
  /** Kinds of jobs it takes. */
  readonly kinds: readonly string[]
  /** ffmpeg's names of what it encodes with. */
  readonly encoders: readonly string[]
  readonly processors: number
  /** Encodes at once. */
  readonly concurrency: number
}

export interface WorkerPulse {
  readonly state: WorkerState
  /** Why it takes no jobs, in words. */
  readonly trouble: string | undefined
  /** Jobs of all kinds. */
  readonly running: number
  /** What waits here for room (a kind of job, or `<kind> <video>`), and why, in words. */
  readonly held: Readonly<Record<string, string>>
  /** Of the machine: processes that want a processor, average of a minute. */
  readonly load: number
  readonly freeBytes: number
}

export interface WorkerRecord extends WorkerCard, WorkerPulse {
  /** An administrator wants it to take nothing. */
  readonly drain: boolean
  readonly startedAt: Date
  readonly seenAt: Date
  /** Heard of a moment ago, by the database's clock. */
  readonly alive: boolean
}

export interface WorkerRegistry {
  /** Writes the worker's row; tells what an administrator wants of it. */
  beat(card: WorkerCard, pulse: WorkerPulse): Promise<{ readonly drain: boolean }>
  /** It stopped in order: its row goes. */
  leave(id: string): Promise<void>
  /** The living first, then by age. Those not heard of for a day are forgotten. */
  list(): Promise<readonly WorkerRecord[]>
  /** False: there is no such worker, or it is not alive. */
  setDrain(id: string, drain: boolean): Promise<boolean>
  /** Whether another worker is alive and takes jobs. */
  othersWork(id: string): Promise<boolean>
}

export const WORKER_BEAT_MS = 2_000
/** Not heard of for longer than this: it is gone, or cut off. Its chunks go to others by their leases. */
export const WORKER_SILENT_MS = 15_000
