/** What every role stands on: storage, database, queue, media store, ffmpeg, and the pipeline's rows. */
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../config/config.ts'
import { PostgresCatalogueChanges } from '../database/catalogue-changes.ts'
import { makeChunkSignals } from '../database/chunk-signals.ts'
import { makeChunkStore } from '../database/chunks.ts'
import { makeJobCatalogue } from '../database/job-catalogue.ts'
import { openDatabase } from '../database/open-database.ts'
import { makePipelineCatalogue } from '../database/pipeline-catalogue.ts'
import { openJobQueue } from '../database/queue.ts'
import type { Logger } from '../kernel/logger.ts'
import { FileStore } from '../media/file-store.ts'
import { makeStoragePaths } from '../media/layout.ts'
import { locateFfmpeg } from '../pipeline/ffmpeg/locate.ts'
import { prepareFfmpeg } from '../pipeline/ffmpeg/tools.ts'
import { makePlanner } from '../pipeline/planner.ts'
import { prepareStorage } from '../setup/storage-folder.ts'
import { lockStorage, tryLockStorage } from '../setup/storage-lock.ts'

const DAY_MS = 24 * 3600 * 1000

export type Foundation = Awaited<ReturnType<typeof layFoundation>>

export interface FoundationOptions {
  readonly log: Logger
  readonly signal?: AbortSignal | undefined
  /** Commands that run beside the server must not empty its folders. */
  readonly shared?: boolean
}

/** Everything opened is put on the stack. Throws AppError for everything foreseen. */
export async function layFoundation(config: Config, stack: AsyncDisposableStack, options: FoundationOptions) {
  const { log, signal, shared = false } = options
  const paths = makeStoragePaths(config.storageDir)
  prepareStorage(config)
  // The recordings have one owner wherever the database is: a second server would salvage what the first one
  // is writing. A command beside a server visits; alone, it is the owner for as long as it takes.
  const lock = !shared
    ? lockStorage(config.storageDir)
    : config.databaseUrl === undefined
      ? tryLockStorage(config.storageDir)
      : undefined
  if (lock) {
    stack.use(lock)
    // Whose files these were is gone: the lock says so.
    await rm(paths.tmp, { recursive: true, force: true })
  }
  await mkdir(paths.tmp, { recursive: true })

  const searching = locateFfmpeg(config)
  // Awaited below; until then a failure of it must not count as unhandled.
  searching.catch(() => {})
  const database = stack.use(
    await openDatabase({
      databaseUrl: config.databaseUrl,
      embeddedDir: paths.postgres,
      visiting: lock === undefined,
      log: log.child({ part: 'database' }),
      signal,
    }),
  )
  const ffmpeg = await searching
  log.debug({ version: ffmpeg.version, source: ffmpeg.source }, 'ffmpeg found')
  const queue = stack.use(await openJobQueue({ url: database.url, log: log.child({ part: 'queue' }) }))
  const changes = stack.use(new PostgresCatalogueChanges(database.url, log.child({ part: 'changes' })))
  await changes.ready()
  const signals = stack.use(makeChunkSignals(changes))
  const store = new FileStore(config.mediaDir)
  // A media store elsewhere may have other writers.
  const isOurs = lock !== undefined && config.mediaDir.startsWith(paths.root + path.sep)
  await store.sweep(isOurs ? 0 : DAY_MS)
  const catalogue = makePipelineCatalogue(database.prisma, queue)
  const tools = await prepareFfmpeg({
    ffmpegPath: ffmpeg.ffmpeg,
    ffprobePath: ffmpeg.ffprobe,
    tmpDir: path.join(paths.tmp, 'ffmpeg'),
  })
  return {
    config,
    log,
    paths,
    prisma: database.prisma,
    databaseUrl: database.url,
    queue,
    changes,
    signals,
    store,
    catalogue,
    chunks: makeChunkStore(database.prisma, queue),
    jobs: makeJobCatalogue(database.prisma, queue),
    planner: makePlanner({ catalogue, store, logger: log.child({ part: 'planner' }) }),
    tools,
  } as const
}
