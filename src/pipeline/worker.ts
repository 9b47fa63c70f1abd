/** A worker: takes jobs of every kind, looks after orphans, and stops in order. */
import type { VideoId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import type { ChunkStore, PipelineCatalogue } from './catalogue.ts'
import { ALL_JOB_KINDS, JOB_KINDS, type JobKind, PRIORITY } from './job-kinds.ts'
import type { TimelinePlanner } from './planner.ts'
import type { JobHandlers, JobQueue, RunningJob } from './queue.ts'
import { makeStallRest } from './stall-rest.ts'

export interface WorkerParts {
  readonly queue: JobQueue
  readonly handlers: JobHandlers
  readonly chunks: ChunkStore
  readonly catalogue: PipelineCatalogue
  readonly planner: TimelinePlanner
  /** Encoders at once. */
  readonly concurrency: number
  /** Whether there is another worker to leave a chunk to; without it there is none. */
  readonly othersWork?: () => Promise<boolean>
  readonly logger: Logger
}

export interface Worker extends AsyncDisposable {
  /** Aborts what runs here for a video and waits until it has stopped. */
  stopVideo(videoId: VideoId): Promise<void>
  /** Jobs it is at. */
  readonly running: number
  /** Takes no more jobs and hands back what it has: others may have it at once, and no attempt counts. */
  drain(): Promise<void>
  /** Takes jobs again. */
  resume(): Promise<void>
}

const SWEEP_MS = 10_000
/** Time for running jobs to end when the program stops; encoders are aborted at once, their chunks are seconds of work. */
const STOP_GRACE_MS = 0

/**
 * Throws, before any job is taken, when a kind of job has no handler: it would wait for ever.
 * Then brings the catalogue and the queue together: what a crash left without a job gets one.
 */
export async function startWorker(parts: WorkerParts): Promise<Worker> {
  const { queue, handlers, chunks, concurrency, logger } = parts
  const lacking = ALL_JOB_KINDS.filter((kind) => typeof handlers[kind] !== 'function')
  if (lacking.length > 0) throw new Error(`no handler for jobs of kind ${lacking.join(', ')}`)

  const running = new Map<
    VideoId,
    Set<{ readonly abort: AbortController; readonly ended: Promise<unknown> }>
  >()

  const afterStall = makeStallRest(parts.othersWork ?? (async () => false))

  function tracked<Kind extends JobKind>(kind: Kind, handler: (job: RunningJob<Kind>) => Promise<void>) {
    return async (job: RunningJob<Kind>): Promise<void> => {
      const abort = new AbortController()
      const { promise: ended, resolve } = Promise.withResolvers<void>()
      const own = running.get(job.data.videoId) ?? new Set()
      const entry = { abort, ended }
      running.set(job.data.videoId, own.add(entry))
      try {
        const run = () => handler({ ...job, signal: AbortSignal.any([job.signal, abort.signal]) })
        await (JOB_KINDS[kind].concurrency === 'encoders' ? afterStall(run) : run())
      } finally {
        resolve()
        own.delete(entry)
        if (own.size === 0) running.delete(job.data.videoId)
      }
    }
  }

  await catchUp(parts)
  const begin = async <Kind extends JobKind>(kind: Kind): Promise<void> => {
    const share = JOB_KINDS[kind].concurrency
    const handler: JobHandlers[Kind] = handlers[kind]
    await queue.work(kind, share === 'encoders' ? concurrency : share, tracked(kind, handler))
  }
  const beginAll = async () => {
    for (const kind of ALL_JOB_KINDS) await begin(kind)
  }
  await beginAll()

  let sweeping: Promise<unknown> = Promise.resolve()
  const sweep = setInterval(() => {
    sweeping = chunks
      .requeueOrphans()
      .then((count) => count > 0 && logger.info({ count }, 'chunks without a job were given one'))
      .catch((error) => logger.warn({ err: error }, 'chunks could not be looked through: tried again'))
  }, SWEEP_MS)

  return {
    async stopVideo(videoId) {
      const own = [...(running.get(videoId) ?? [])]
      for (const { abort } of own) abort.abort(new Error('the video is being deleted'))
      await Promise.all(own.map(({ ended }) => ended))
    },
    get running() {
      return [...running.values()].reduce((sum, own) => sum + own.size, 0)
    },
    drain: () => queue.stopWorking(STOP_GRACE_MS),
    resume: beginAll,
    async [Symbol.asyncDispose]() {
      clearInterval(sweep)
      await sweeping
      await queue.stopWorking(STOP_GRACE_MS)
    },
  }
}

/** Timelines that grew while nobody planned them, and rows that nobody asked for. */
async function catchUp({ catalogue, planner, chunks, queue, logger }: WorkerParts): Promise<void> {
  for (const videoId of await catalogue.listUnfinished()) {
    try {
      await planner.catchUp(videoId)
      const video = await catalogue.findVideo(videoId)
      // Its broadcast has ended, and what was to follow was cut off.
      if (video?.state === 'processing' && !video.timelineComplete)
        await queue.send([{ kind: 'complete-replay', priority: PRIORITY.replay.lead, data: { videoId } }])
    } catch (error) {
      logger.error({ videoId, err: error }, 'the timeline of a video could not be planned')
    }
  }
  const count = (await catalogue.requeueUploads()) + (await chunks.requeueOrphans())
  if (count > 0) logger.info({ count }, 'work without a job was given one')
}
