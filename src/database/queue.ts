/**
 * The pipeline's queue on pg-boss, in the same database (schema pgboss). One queue for each kind of job.
 *
 * A worker that was killed is noticed by its missing heartbeat and its job is run again after 10 to 12 s:
 * the intervals below are what that takes; pg-boss's own defaults make it a minute.
 */
import { setTimeout as delay } from 'node:timers/promises'
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
import { JobGivenUp, JobHandedOn, type JobQueue, type RunningJob } from '../pipeline/queue.ts'
import type { Prisma } from './generated/client.ts'

const HEARTBEAT_SECONDS = 10
const SUPERVISE_SECONDS = 5
/** A waiting job is announced by NOTIFY; jobs that are tried again are not, so somebody has to look. */
const POLL_SECONDS = 2
const POOL_SIZE = 6
const QUERY_TIMEOUT_MS = 30_000
/** Who hands a job on rests for so long, while others hear of it. */
const LEFT_TO_OTHERS_MS = 1_000

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
  const closing = new AbortController()
  /** Of the jobs taken since work last began. */
  let stopping = new AbortController()
  boss.on('error', (error) => {
    // While it closes, its last connections may be cut off: no news.
    if (!closing.signal.aborted) log.warn({ err: error }, 'queue')
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

  const running = new Set<Promise<JobResult>>()

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
      const { signal } = stopping
      const run = async (job: JobWithMetadata<JobData[Kind]>): Promise<JobResult> => {
        try {
          await handler(readJob(job, signal))
          return { id: job.id, status: 'completed' }
        } catch (error) {
          if (error instanceof JobHandedOn || signal.aborted) {
            const handedOn = await handBack(boss, kind, job.id).then(
              () => true,
              (cause: unknown) => {
                // Its heartbeat stops as well, so it is only late.
                log.warn({ jobId: job.id, kind, err: cause }, 'job could not be handed back')
                return false
              },
            )
            // Else the first to take it would be who has just let it go.
            if (handedOn) await delay(LEFT_TO_OTHERS_MS, undefined, { signal }).catch(() => undefined)
            // What is said of it now counts no more: this attempt is over.
            if (handedOn) return { id: job.id, status: 'completed' }
          }
          log.warn({ jobId: job.id, kind, attempt: job.retryCount + 1, err: error }, 'job failed')
          // Without a dead letter queue, 'deadletter' is pg-boss's word for failed without further attempts.
          const status = error instanceof JobGivenUp ? 'deadletter' : 'failed'
          // Kept with the job and shown: a plain sentence, not a stack.
          return { id: job.id, status, output: { message: describeError(error) } }
        }
      }
      for (let count = 0; count < concurrency; count++) {
        let workerId = ''
        workerId = await boss.work(kind, options, async ([job]: JobWithMetadata<JobData[Kind]>[]) => {
          if (!job) return []
          const one = run(job)
          running.add(one)
          const result = await one.finally(() => running.delete(one))
          // Else it would wait for the rest of the polling interval, with work at hand.
          boss.notifyWorker(workerId)
          return [result]
        })
      }
    },

    async stopWorking(graceMs) {
      const ended = Promise.all(ALL_JOB_KINDS.map((kind) => boss.offWork(kind, { wait: false })))
      const stop = () => stopping.abort(new Error('the worker is stopping'))
      if (graceMs > 0) setTimeout(stop, graceMs).unref()
      else stop()
      await ended
      await Promise.all(running)
      // Work may begin again.
      stopping = new AbortController()
    },

    async [Symbol.asyncDispose]() {
      closing.abort()
      stopping.abort(new Error('the worker is stopping'))
      await Promise.all(running)
      await boss.stop({ graceful: true, timeout: 5_000, close: true })
    },
  }
}

/**
 * Others may have the job at once, and no attempt counts: the next claim adds one to both numbers. That it
 * does is needed, too: pg-boss tells by retry_count whose word on a job is the present attempt's.
 */
async function handBack(boss: PgBoss, kind: JobKind, id: string): Promise<void> {
  await boss.getDb().executeSql(
    `WITH handed_back AS (
       UPDATE pgboss.job SET state = 'retry', retry_limit = retry_limit + 1, start_after = now(), heartbeat_on = NULL
        WHERE name = $1 AND id = $2::uuid AND state = 'active' RETURNING id)
     SELECT pg_notify('pgboss_' || left(encode(sha224('pgboss'::bytea), 'hex'), 24), $1) FROM handed_back`,
    [kind, id],
  )
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
