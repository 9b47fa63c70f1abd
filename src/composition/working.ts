/** The worker role: takes jobs and makes renditions. */
import { availableParallelism } from 'node:os'
import { AppError } from '../kernel/errors.ts'
import { makeEncodeRoom } from '../pipeline/encode-room.ts'
import { makeJobHandlers } from '../pipeline/steps/job-handlers.ts'
import type { StepParts } from '../pipeline/steps/step-parts.ts'
import { startWorker, type Worker } from '../pipeline/worker.ts'
import type { Broadcasting } from './broadcasting.ts'
import type { Foundation } from './foundation.ts'

/** More help little with a few seconds of a small picture. */
const MAX_URGENT_THREADS = 4

export async function startWorking(
  foundation: Foundation,
  { recorder, disk }: Pick<Broadcasting, 'recorder' | 'disk'>,
): Promise<Worker> {
  const { config, paths, catalogue, chunks, queue, planner, store, tools } = foundation
  const logger = foundation.log.child({ part: 'worker' })
  const parts: StepParts = {
    catalogue,
    chunks,
    queue,
    planner,
    store,
    tools,
    recordingOf: (broadcastId) => {
      // What is left belongs to recordings of broadcasts on air; the job is tried again until there is room.
      if (disk.state?.level === 'critical')
        throw new AppError('disk-full', 'The disk is all but full: the replay is made when there is room.')
      return recorder.finishedLog(broadcastId)
    },
    storageDir: config.storageDir,
    tmpDir: paths.tmp,
    threads: Math.max(1, Math.round(availableParallelism() / config.workerConcurrency)),
    urgentThreads: Math.min(MAX_URGENT_THREADS, availableParallelism()),
    room: makeEncodeRoom({
      // At `warn` already: recordings and uploads still have room then.
      diskPressure: () =>
        (disk.state?.level ?? 'ok') === 'ok' ? undefined : `the disk is getting full (${disk.state?.level})`,
      loadLimit: config.encodeLoadLimit,
      logger,
    }),
    logger,
  }
  return startWorker({
    queue,
    chunks,
    catalogue,
    planner,
    concurrency: config.workerConcurrency,
    logger,
    handlers: makeJobHandlers(parts),
  })
}
