/** The worker role: takes jobs and makes renditions. */
import { availableParallelism, hostname } from 'node:os'
import { VERSION } from '../config/version.ts'
import { makeQueuePauses } from '../database/queue-pauses.ts'
import { makeEvictionStore } from '../database/rendition-evictions.ts'
import { applyPolicies } from '../database/rendition-policies.ts'
import { makeVideoTurns } from '../database/video-turns.ts'
import { makeWorkerRegistry } from '../database/workers.ts'
import { AppError } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import { checkSpeechProgram } from '../pipeline/captions/speech-program.ts'
import { makeEncodeRoom } from '../pipeline/encode-room.ts'
import { findHardwareEncoder } from '../pipeline/hardware-encoder.ts'
import { ALL_JOB_KINDS } from '../pipeline/job-kinds.ts'
import { evictUnwatched } from '../pipeline/rendition-keeper.ts'
import { selfTest } from '../pipeline/self-test.ts'
import { makeJobHandlers } from '../pipeline/steps/job-handlers.ts'
import type { StepParts } from '../pipeline/steps/step-parts.ts'
import { startWorker } from '../pipeline/worker.ts'
import { liveAsWorker } from '../pipeline/worker-life.ts'
import { finishedLog } from '../recording/broadcast-log.ts'
import type { DiskWatermarks } from '../recording/disk-watermarks.ts'
import { sweepWorkspaces } from '../setup/workspace.ts'
import { type Foundation, HALF_WRITTEN_MS } from './foundation.ts'

/** More help little with a few seconds of a small picture. */
const MAX_URGENT_THREADS = 4
const TIDY_MS = 60_000
const KEEP_LOOK_MS = 15 * 60_000
/** Of the hundred that ffmpeg has, those that make what browsers play. */
const SHOWN_ENCODERS = /^(libx264|libx265|libaom-av1|aac|libfdk_aac|libopus)$/

export async function startWorking(foundation: Foundation, disk: DiskWatermarks): Promise<AsyncDisposable> {
  const { config, prisma, databaseUrl, encoders, paths, tmpDir, catalogue, chunks, queue, planner, store } =
    foundation
  const logger = foundation.log.child({ part: 'worker' })
  const hardware = await findHardwareEncoder({
    setting: config.hardwareEncoder,
    tools: foundation.tools,
    encoders,
    tmpDir,
    logger,
  })
  const tools = { ...foundation.tools, hardware }
  if (config.speech) await checkSpeechProgram(config.speech)
  const room = makeEncodeRoom({
    // At `warn` already: recordings and uploads still have room then.
    diskPressure: () =>
      (disk.state?.level ?? 'ok') === 'ok' ? undefined : `the disk is getting full (${disk.state?.level})`,
    loadLimit: config.encodeLoadLimit,
    logger,
    freeBytes: () => disk.state?.freeBytes,
    keepFreeBytes: config.minFreeBytes,
  })
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
    takeTurn: makeVideoTurns(databaseUrl),
    tmpDir,
    threads: Math.max(1, Math.round(availableParallelism() / config.workerConcurrency)),
    urgentThreads: Math.min(MAX_URGENT_THREADS, availableParallelism()),
    room,
    pauses: makeQueuePauses(prisma),
    speech: config.speech,
    loudnessTarget: config.loudnessTarget,
    logger,
  }
  const registry = makeWorkerRegistry(prisma)
  const id = newId()
  const life = await liveAsWorker({
    card: {
      id,
      host: hostname(),
      pid: process.pid,
      version: VERSION,
      kinds: ALL_JOB_KINDS,
      // Asked anew with each beat: hardware that keeps failing is given up.
      get encoders() {
        const shown = [...encoders].filter((name) => SHOWN_ENCODERS.test(name)).toSorted()
        return hardware.name === undefined ? shown : [hardware.name, ...shown]
      },
      processors: availableParallelism(),
      concurrency: config.workerConcurrency,
    },
    registry,
    selfTest: (signal) => selfTest({ tools, store, tmpDir }, signal),
    start: () =>
      startWorker({
        queue,
        chunks,
        catalogue,
        planner,
        concurrency: config.workerConcurrency,
        othersWork: () => registry.othersWork(id),
        logger,
        handlers: makeJobHandlers(parts),
      }),
    freeBytes: () => disk.state?.freeBytes ?? 0,
    held: room.held,
    logger,
  })
  const tidying = setInterval(() => void tidy(foundation), TIDY_MS)
  const keeping = keepRenditions(foundation)
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(tidying)
      await keeping[Symbol.asyncDispose]()
      await life[Symbol.asyncDispose]()
    },
  }
}

/** What killed processes left half written: nobody's, and nobody else looks for it while we run. */
async function tidy({ paths, store, log }: Foundation): Promise<void> {
  await Promise.all([sweepWorkspaces(paths.tmp), store.sweep(HALF_WRITTEN_MS)]).catch((error: unknown) =>
    log.warn({ err: error }, 'what killed processes left could not be cleared yet'),
  )
}

/** What is there is brought in line with the settings of this start; and every so often what nobody watches goes. */
function keepRenditions({ config, prisma, chunks, store, log }: Foundation): AsyncDisposable {
  const logger = log.child({ part: 'renditions' })
  const stopping = new AbortController()
  const evictions = makeEvictionStore(prisma, config.renditionPolicy)
  const look = async () => {
    if ((await applyPolicies(prisma, config.renditionPolicy)) > 0) await chunks.requeueOrphans()
    await evictUnwatched({ evictions, store, logger }, stopping.signal)
  }
  let looking = Promise.resolve()
  const lookOnce = () => {
    looking = looking.then(look).catch((error: unknown) => {
      if (!stopping.signal.aborted) logger.warn({ err: error }, 'renditions could not be looked through yet')
    })
  }
  lookOnce()
  const timer = setInterval(lookOnce, KEEP_LOOK_MS)
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      stopping.abort(new Error('the worker is stopping'))
      await looking
    },
  }
}
