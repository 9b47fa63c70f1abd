/** What the pipeline needs from a job queue; implemented by database/queue.ts. */
import type { JobData, JobKind, JobRequest } from './job-kinds.ts'

export interface RunningJob<Kind extends JobKind> {
  readonly id: string
  readonly data: JobData[Kind]
  /** 1 for the first. */
  readonly attempt: number
  /** No further attempt follows when this one throws. */
  readonly isLastAttempt: boolean
  /** Aborted when the job is cancelled, expires, or the worker is stopping. */
  readonly signal: AbortSignal
}

/** Thrown by a handler when another attempt cannot help: the job has failed for good. */
export class JobGivenUp extends Error {
  override readonly name = 'JobGivenUp'
}

/** Thrown by a handler that leaves the job to another worker: it waits again, and no attempt counts. */
export class JobHandedOn extends Error {
  override readonly name = 'JobHandedOn'
}

export type JobHandlers = { readonly [Kind in JobKind]: (job: RunningJob<Kind>) => Promise<void> }

export interface JobQueue {
  send(jobs: readonly JobRequest[]): Promise<void>
  /** Takes a job back that nobody has begun. False: somebody has, or there is none. */
  withdraw(kind: JobKind, id: string): Promise<boolean>
  /** Begins to take jobs of a kind, at most `concurrency` at once. A handler that throws is tried again, by the kind's rules. */
  work<Kind extends JobKind>(
    kind: Kind,
    concurrency: number,
    handler: (job: RunningJob<Kind>) => Promise<void>,
  ): Promise<void>
  /** Takes no more jobs, waits for the running ones at most `graceMs`, then aborts them: others may have them at once. `work` may be called again. */
  stopWorking(graceMs: number): Promise<void>
}
