/**
 * The pipeline's queue on pg-boss, in the same database (schema pgboss). One queue for each kind of job.
 *
 * A worker that was killed is noticed by its missing heartbeat and its job is run again after 10 to 12 s:
 * the intervals below are what that takes; pg-boss's own defaults make it a minute.
 */
import { fromPrisma, type JobResult, type JobWithMetadata, PgBoss } from 'pg-boss'
import { describeError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/logger.ts'
import {
  ALL_JOB_KINDS,
  JOB_KINDS,
  type JobData,
  type JobKind,
  type JobRequest,
} from '../pipeline/job-kinds.ts'
import { JobGivenUp, type JobQueue, type RunningJob } from '../pipeline/queue.ts'
import type { Prisma } from './generated/client.ts'

const HEARTBEAT_SECONDS = 10
const SUPERVISE_SECONDS = 5
/** A waiting job is announced by NOTIFY; jobs that are tried again are not, so somebody has to look. */
const POLL_SECONDS = 2
const POOL_SIZE = 6
const QUERY_TIMEOUT_MS = 30_000

export interface PostgresJobQueue extends JobQueue, AsyncDisposable {
  /** Enqueues within a transaction of the catalogue: together or not at all. */
  sendIn(tx: Prisma.TransactionClient, jobs: readonly JobRequest[]): Promise<void>
  readonly boss: PgBoss
}

/** Connects, creates or migrates the queue's tables. */
export async function openJobQueue(options: {
  readonly url: string
  readonly log: Logger
}): Promise<PostgresJobQueue> {
  const { log } = options
  const settings = {
    connectionString: options.url,
    application_name: 'reprise-queue',
    max: POOL_SIZE,
    useListenNotify: true,
    schedule: false,
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
    // The pool's, which takes it: a database that hangs is asked again on another connection.
    query_timeout: QUERY_TIMEOUT_MS,
  }
  const boss = new PgBoss(settings)
  const stopping = new AbortController()
  boss.on('error', (error) => {
    // While it closes, its last connections may be cut off: no news.
    if (!stopping.signal.aborted) log.warn({ err: error }, 'queue')
  })
  boss.on('warning', (warning) => log.debug({ warning }, 'queue'))
  await boss.start()
  for (const kind of ALL_JOB_KINDS) {
    const rules = JOB_KINDS[kind]
    const queueSettings = {
      retryLimit: rules.retryLimit,
      retryDelay: rules.retryDelaySeconds,
      retryBackoff: true,
      retryDelayMax: 60,
      expireInSeconds: rules.expireSeconds,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      deleteAfterSeconds: rules.keepSeconds,
      notify: true,
    }
    await boss.createQueue(kind, queueSettings)
    await boss.updateQueue(kind, queueSettings)
  }

  const running = new Set<Promise<void>>()

  return {
    boss,

    send: (jobs) => insertAll(boss, jobs, undefined),
    sendIn: (tx, jobs) => insertAll(boss, jobs, tx),

    async withdraw(kind, id) {
      const { rows } = await boss
        .getDb()
        .executeSql(
          `DELETE FROM pgboss.job WHERE name = $1 AND id = $2::uuid AND state IN ('created', 'retry') RETURNING id`,
          [kind, id],
        )
      return rows.length > 0
    },

    async work<Kind extends JobKind>(
      kind: Kind,
      concurrency: number,
      handler: (job: RunningJob<Kind>) => Promise<void>,
    ) {
      const options = {
        includeMetadata: true,
        perJobResults: true,
        pollingIntervalSeconds: POLL_SECONDS,
        notifyPollingIntervalSeconds: POLL_SECONDS,
      } as const
      const run = async (job: JobWithMetadata<JobData[Kind]>): Promise<JobResult> => {
        const started = handler(readJob(job, stopping.signal))
        const settled = started.catch(() => {})
        running.add(settled)
        try {
          await started
          return { id: job.id, status: 'completed' }
        } catch (error) {
          log.warn({ jobId: job.id, kind, attempt: job.retryCount + 1, err: error }, 'job failed')
          // Without a dead letter queue, 'deadletter' is pg-boss's word for failed without further attempts.
          const status = error instanceof JobGivenUp ? 'deadletter' : 'failed'
          // Kept with the job and shown: a plain sentence, not a stack.
          return { id: job.id, status, output: { message: describeError(error) } }
        } finally {
          running.delete(settled)
        }
      }
      for (let count = 0; count < concurrency; count++) {
        let workerId = ''
        workerId = await boss.work(kind, options, async ([job]: JobWithMetadata<JobData[Kind]>[]) => {
          if (!job) return []
          const result = await run(job)
          // Else it would wait for the rest of the polling interval, with work at hand.
          boss.notifyWorker(workerId)
          return [result]
        })
      }
    },

    async stopWorking(graceMs) {
      const ended = Promise.all(ALL_JOB_KINDS.map((kind) => boss.offWork(kind, { wait: false })))
      const timer = setTimeout(() => stopping.abort(new Error('the worker is stopping')), graceMs)
      await ended
      await Promise.all(running)
      clearTimeout(timer)
    },

    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the worker is stopping'))
      await Promise.all(running)
      await boss.stop({ graceful: true, timeout: 5_000, close: true })
    },
  }
}

function readJob<Kind extends JobKind>(
  job: JobWithMetadata<JobData[Kind]>,
  stopping: AbortSignal,
): RunningJob<Kind> {
  return {
    id: job.id,
    data: job.data,
    attempt: job.retryCount + 1,
    isLastAttempt: job.retryCount >= job.retryLimit,
    signal: AbortSignal.any([job.signal, stopping]),
  }
}

async function insertAll(
  boss: PgBoss,
  jobs: readonly JobRequest[],
  tx: Prisma.TransactionClient | undefined,
): Promise<void> {
  for (const kind of ALL_JOB_KINDS) {
    const own = jobs
      .filter((job) => job.kind === kind)
      .map(({ data, priority, id }) => ({ data, priority, ...(id === undefined ? {} : { id }) }))
    if (own.length > 0) await boss.insert(kind, own, tx ? { db: fromPrisma(tx) } : {})
  }
}
