/** A pipeline with everything real: Postgres, pg-boss, ffmpeg, files. */
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PostgresCatalogueChanges } from '../../src/database/catalogue-changes.ts'
import { makeChunkSignals } from '../../src/database/chunk-signals.ts'
import { makeChunkStore } from '../../src/database/chunks.ts'
import { type Database, makeDatabase } from '../../src/database/client.ts'
import { makeJobCatalogue } from '../../src/database/job-catalogue.ts'
import { makePipelineCatalogue } from '../../src/database/pipeline-catalogue.ts'
import { openJobQueue } from '../../src/database/queue.ts'
import { makeQueuePauses } from '../../src/database/queue-pauses.ts'
import { newId, newVideoId, type VideoId } from '../../src/kernel/ids.ts'
import { makeLogger } from '../../src/kernel/logger.ts'
import { FileStore } from '../../src/media/file-store.ts'
import { makeStoragePaths } from '../../src/media/layout.ts'
import { makeSegmentDemand } from '../../src/pipeline/demand.ts'
import type { EncodeRoom } from '../../src/pipeline/encode-room.ts'
import type { SandboxSetting } from '../../src/pipeline/ffmpeg/confinement.ts'
import { prepareFfmpeg } from '../../src/pipeline/ffmpeg/tools.ts'
import { makePlanner } from '../../src/pipeline/planner.ts'
import { probeSource } from '../../src/pipeline/probe.ts'
import type { JobHandlers } from '../../src/pipeline/queue.ts'
import type { RenditionPolicy } from '../../src/pipeline/rendition-policy.ts'
import { makeJobHandlers } from '../../src/pipeline/steps/job-handlers.ts'
import { startWorker, type Worker } from '../../src/pipeline/worker.ts'
import { Recorder } from '../../src/recording/recorder.ts'

const LOOK_AGAIN_MS = 100

export const silent = makeLogger(process.env.TEST_LOG ?? 'silent')

export type TestPipeline = Awaited<ReturnType<typeof openTestPipeline>>

/** `url` leads to a migrated database. `storageDir` may be shared by several pipelines, as by several processes. */
export async function openTestPipeline(
  url: string,
  options: {
    /** With storyboard, captions and waveform; else only what is played is made. */
    beside?: boolean
    sandbox?: SandboxSetting
    storageDir?: string
    threads?: number
    room?: EncodeRoom
    policy?: RenditionPolicy
    loudnessTarget?: number
  } = {},
) {
  await using opening = new AsyncDisposableStack()
  const storageDir = options.storageDir ?? (await mkdtemp(path.join(tmpdir(), 'reprise-pipeline-')))
  if (!options.storageDir) opening.defer(() => rm(storageDir, { recursive: true, force: true }))
  const tmpDir = path.join(storageDir, 'tmp')
  await mkdir(tmpDir, { recursive: true })
  const database = makeDatabase(url, { log: silent, poolSize: 8 })
  opening.defer(() => database.$disconnect())
  const queue = opening.use(await openJobQueue({ url, log: silent }))
  const changes = opening.use(new PostgresCatalogueChanges(url, silent))
  const signals = opening.use(makeChunkSignals(changes))
  const store = new FileStore(path.join(storageDir, 'media'))
  const tools = await prepareFfmpeg({
    ffmpegPath: '/usr/bin/ffmpeg',
    ffprobePath: '/usr/bin/ffprobe',
    tmpDir,
    ...(options.sandbox ? { sandbox: options.sandbox } : {}),
  })
  const catalogue = makePipelineCatalogue(database, queue, options.policy)
  const chunks = makeChunkStore(database, queue)
  const planner = makePlanner({ catalogue, store, logger: silent })
  const demand = makeSegmentDemand({ chunks, queue, signals, planner })
  const jobs = makeJobCatalogue(database, queue)
  const recorder = new Recorder({
    paths: makeStoragePaths(storageDir),
    ledger: { partOpened: () => undefined, partClosed: () => undefined },
  })
  const handlers = makeJobHandlers({
    catalogue,
    chunks,
    queue,
    planner,
    store,
    tools,
    recordingOf: (broadcastId) => recorder.finishedLog(broadcastId),
    storageDir,
    tmpDir,
    threads: options.threads ?? 1,
    urgentThreads: 2,
    loudnessTarget: options.loudnessTarget,
    room: options.room ?? { enter: async () => undefined },
    pauses: makeQueuePauses(database),
    logger: silent,
  })
  await changes.ready()
  const open = opening.move()
  return {
    storageDir,
    tmpDir,
    database,
    queue,
    changes,
    store,
    tools,
    catalogue,
    chunks,
    planner,
    demand,
    jobs,
    handlers,
    work: (overrides: Partial<JobHandlers> = {}, concurrency = 2): Promise<Worker> =>
      startWorker({
        queue,
        handlers: { ...handlers, ...(options.beside ? {} : NOTHING_BESIDE), ...overrides },
        chunks,
        catalogue,
        planner,
        concurrency,
        logger: silent,
      }),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

/** What is made beside the pictures costs as much as a small video itself. */
const NOTHING_BESIDE = {
  'make-storyboard': async () => undefined,
  'find-captions': async () => undefined,
  'measure-sound': async () => undefined,
} satisfies Partial<JobHandlers>

/** A channel to put videos on. */
export async function addChannel(database: Database): Promise<string> {
  const userId = newId()
  await database.user.create({ data: { id: userId, name: 'Ada', email: `${userId}@example.org` } })
  const { id } = await database.channel.create({
    data: { id: newId(), ownerId: userId, handle: `ada-${userId}`, name: 'Ada' },
  })
  return id
}

export async function addVideo(
  database: Database,
  origin: 'broadcast' | 'upload' = 'broadcast',
): Promise<VideoId> {
  const videoId = newVideoId()
  await database.video.create({
    data: {
      id: videoId,
      channelId: await addChannel(database),
      origin,
      title: 'Test',
      tags: [],
      state: 'processing',
    },
  })
  return videoId
}

/** A file as an upload, probed as the library does it, its processing enqueued. */
export async function addUpload(pipeline: TestPipeline, file: string): Promise<VideoId> {
  const verdict = await probeSource(pipeline.tools, file, AbortSignal.timeout(150_000))
  if (!verdict.isVideo) throw new Error(verdict.reason)
  const { database } = pipeline
  const videoId = await addVideo(database, 'upload')
  const { channelId } = await database.video.findUniqueOrThrow({ where: { id: videoId } })
  const { size } = await stat(file)
  await database.upload.create({
    data: {
      id: newId(),
      channelId,
      videoId,
      fileName: path.basename(file),
      path: path.relative(pipeline.storageDir, file),
      bytes: BigInt(size),
      source: JSON.parse(JSON.stringify(verdict.media)),
    },
  })
  await pipeline.queue.send([{ kind: 'process-upload', priority: 200, data: { videoId } }])
  return videoId
}

/** Resolves with the video when it has come to rest: ready or failed. */
export async function untilSettled(pipeline: TestPipeline, videoId: VideoId, timeoutMs = 150_000) {
  const settled = async () => {
    const video = await pipeline.database.video.findUniqueOrThrow({
      where: { id: videoId },
      include: { renditions: { orderBy: { id: 'asc' } } },
    })
    return video.state === 'ready' || video.state === 'failed' ? video : undefined
  }
  return until(pipeline, settled, timeoutMs)
}

/** Looks again at each change of the catalogue, and every so often: jobs change without news. */
export async function until<T>(
  pipeline: TestPipeline,
  look: () => Promise<T | undefined>,
  timeoutMs = 150_000,
): Promise<T> {
  const deadline = AbortSignal.timeout(timeoutMs)
  let wake = Promise.withResolvers<void>()
  const ring = () => wake.resolve()
  const end = pipeline.changes.subscribe(ring)
  const looking = setInterval(ring, LOOK_AGAIN_MS)
  try {
    for (;;) {
      const seen = await look()
      if (seen !== undefined) return seen
      deadline.throwIfAborted()
      await wake.promise
      wake = Promise.withResolvers()
    }
  } finally {
    clearInterval(looking)
    end()
  }
}
