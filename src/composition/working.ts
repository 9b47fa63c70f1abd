/** The worker role: takes jobs and makes renditions. */
import { availableParallelism } from 'node:os'
import { AppError } from '../kernel/errors.ts'
import { makeEncodeRoom } from '../pipeline/encode-room.ts'
import { makeJobHandlers } from '../pipeline/steps/job-handlers.ts'
import type { StepParts } from '../pipeline/steps/step-parts.ts'
import { startWorker, type Worker } from '../pipeline/worker.ts'
import { finishedLog } from '../recording/broadcast-log.ts'
import type { DiskWatermarks } from '../recording/disk-watermarks.ts'
import type { Foundation } from './foundation.ts'

/** More help little with a few seconds of a small picture. */
const MAX_URGENT_THREADS = 4

export async function startWorking(foundation: Foundation, disk: DiskWatermarks): Promise<Worker> {
  const { config, paths, tmpDir, catalogue, chunks, queue, planner, store, tools } = foundation
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
      return finishedLog(paths, broadcastId)
    },
    storageDir: config.storageDir,
    tmpDir,
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
