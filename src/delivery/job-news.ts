/**
 * How far jobs are, for the pages that are open: once a second while somebody signed in listens, one question to
 * the database for all of them, and only what changed is sent. Encoders tell their progress with the renewal of
 * their lease, so nothing is written for it.
 */
import type { VideoId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Jobs } from '../library/jobs.ts'
import { showJob } from './api/jobs.ts'
import type { EventsHub } from './events-hub.ts'

const LOOK_MS = 1_000
/** More than encoders there are anywhere. */
const MAX_JOBS = 200

export interface JobNewsOptions {
  readonly jobs: Pick<Jobs, 'running' | 'progressOf'>
  readonly hub: Pick<EventsHub, 'hasPeople' | 'tellManagers'>
  readonly log: Logger
  /** For tests. */
  readonly lookMs?: number
}

export function followJobs({ jobs, hub, log, lookMs = LOOK_MS }: JobNewsOptions): AsyncDisposable {
  /** What was told of each job that runs. */
  const told = new Map<string, string>()
  let looking: Promise<void> | undefined

  function tell({ job, ownerId }: Awaited<ReturnType<typeof jobs.running>>[number]): void {
    const shown = showJob(job)
    const text = JSON.stringify(shown)
    if (told.get(job.id) === text) return
    told.set(job.id, text)
    hub.tellManagers({ ownerId, videoId: job.videoId as VideoId | null }, { type: 'job', job: shown })
  }

  async function look(): Promise<void> {
    const running = await jobs.running(MAX_JOBS)
    const ids = new Set(running.map(({ job }) => job.id))
    for (const one of running) tell(one)
    for (const id of [...told.keys()].filter((known) => !ids.has(known))) {
      const ended = await jobs.progressOf(id)
      if (ended) tell(ended)
      told.delete(id)
    }
  }

  const timer = setInterval(() => {
    if (!hub.hasPeople) {
      told.clear()
      return
    }
    // A slow database is not asked twice at once.
    looking ??= look()
      .catch((error: unknown) => log.debug({ err: error }, 'the open pages could not be told of jobs'))
      .finally(() => {
        looking = undefined
      })
  }, lookMs)
  timer.unref()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await looking
    },
  }
}
