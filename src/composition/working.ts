/** The worker role: takes jobs and makes renditions. */
import { availableParallelism } from 'node:os'
import { makeEncodeChunk } from '../pipeline/steps/encode-chunk.ts'
import { makeFinishVideo } from '../pipeline/steps/finish-video.ts'
import { makePosterStep } from '../pipeline/steps/make-poster.ts'
import { makeProcessUpload } from '../pipeline/steps/process-upload.ts'
import type { StepParts } from '../pipeline/steps/step-parts.ts'
import { startWorker, type Worker } from '../pipeline/worker.ts'
import type { Foundation } from './foundation.ts'

export async function startWorking(foundation: Foundation): Promise<Worker> {
  const { config, paths, catalogue, chunks, queue, planner, store, tools } = foundation
  const logger = foundation.log.child({ part: 'worker' })
  const parts: StepParts = {
    catalogue,
    chunks,
    queue,
    planner,
    store,
    tools,
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
    handlers: {
      'process-upload': makeProcessUpload(parts),
      'encode-chunk': makeEncodeChunk(parts),
      'make-poster': makePosterStep(parts),
      'finish-video': makeFinishVideo(parts),
    },
  })
}
