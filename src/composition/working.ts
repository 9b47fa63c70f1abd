/** The worker role: takes jobs and makes renditions. */
import { availableParallelism } from 'node:os'
import { makeJobHandlers } from '../pipeline/steps/job-handlers.ts'
import type { StepParts } from '../pipeline/steps/step-parts.ts'
import { startWorker, type Worker } from '../pipeline/worker.ts'
import type { Recorder } from '../recording/recorder.ts'
import type { Foundation } from './foundation.ts'

export async function startWorking(foundation: Foundation, recorder: Recorder): Promise<Worker> {
  const { config, paths, catalogue, chunks, queue, planner, store, tools } = foundation
  const logger = foundation.log.child({ part: 'worker' })
  const parts: StepParts = {
    catalogue,
    chunks,
    queue,
    planner,
    store,
    tools,
    recordingOf: (broadcastId) => recorder.finishedLog(broadcastId),
    storageDir: config.storageDir,
    tmpDir: paths.tmp,
    threads: Math.max(1, Math.round(availableParallelism() / config.workerConcurrency)),
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
