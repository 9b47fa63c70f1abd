/** What every role stands on: storage, database, queue, media store, ffmpeg, and the pipeline's rows. */
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
import { requireEncoders } from '../pipeline/rendition-codecs.ts'
import { prepareStorage } from '../setup/storage-folder.ts'
import { lockStorage, tryLockStorage } from '../setup/storage-lock.ts'
import { openWorkspace } from '../setup/workspace.ts'

/** What is written into the media store is whole within seconds. */
export const HALF_WRITTEN_MS = 3600 * 1000

export type Foundation = Awaited<ReturnType<typeof layFoundation>>

/**
 * `owner`: of the recordings and the embedded database; one at a time. `visitor`: a process of other roles
 * beside an owner. `command`: a visitor while there is an owner, and else the owner for as long as it takes.
 */
export type Standing = 'owner' | 'visitor' | 'command'

export interface FoundationOptions {
  readonly log: Logger
  readonly signal?: AbortSignal | undefined
  /** The owner, when it is not said. */
  readonly standing?: Standing
}

/** Everything opened is put on the stack. Throws AppError for everything foreseen. */
export async function layFoundation(config: Config, stack: AsyncDisposableStack, options: FoundationOptions) {
  const { log, signal, standing = 'owner' } = options
  const paths = makeStoragePaths(config.storageDir)
  prepareStorage(config)
  const lock = takeStorage(config, standing)
  if (lock) stack.use(lock)
  const { dir: tmpDir } = stack.use(await openWorkspace(paths.tmp))

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
  requireEncoders(config.renditionCodecs, ffmpeg.encoders)
  const queue = stack.use(await openJobQueue({ url: database.url, log: log.child({ part: 'queue' }) }))
  const changes = stack.use(new PostgresCatalogueChanges(database.url, log.child({ part: 'changes' })))
  await changes.ready()
  const signals = stack.use(makeChunkSignals(changes))
  const store = new FileStore(config.mediaDir)
  // Other processes may be writing, unless all there is runs in this one.
  const isOurs =
    lock !== undefined &&
    config.databaseUrl === undefined &&
    config.mediaDir.startsWith(paths.root + path.sep)
  await store.sweep(isOurs ? 0 : HALF_WRITTEN_MS)
  const catalogue = makePipelineCatalogue(database.prisma, queue, config.renditionPolicy)
  const tools = await prepareFfmpeg({
    ffmpegPath: ffmpeg.ffmpeg,
    ffprobePath: ffmpeg.ffprobe,
    tmpDir: path.join(tmpDir, 'ffmpeg'),
    stallMs: config.encodeStallMs,
    sandbox: config.sandbox,
  })
  log.info({ sandbox: tools.confinement.kind }, tools.confinement.summary)
  return {
    config,
    log,
    paths,
    tmpDir,
    prisma: database.prisma,
    databaseUrl: database.url,
    queue,
    changes,
    signals,
    store,
    catalogue,
    chunks: makeChunkStore(database.prisma, queue),
    jobs: makeJobCatalogue(database.prisma, queue),
    planner: makePlanner({
      catalogue,
      store,
      codecs: config.renditionCodecs,
      logger: log.child({ part: 'planner' }),
    }),
    tools,
    encoders: ffmpeg.encoders,
  } as const
}

/** Undefined: a visitor. Throws AppError `setup-failed` when another program owns what this one has to. */
function takeStorage({ storageDir, databaseUrl }: Config, standing: Standing) {
  switch (standing) {
    case 'owner':
      // Wherever the database is: a second owner would salvage what the first one is writing.
      return lockStorage(storageDir)
    case 'visitor':
      return undefined
    case 'command':
      return databaseUrl === undefined ? tryLockStorage(storageDir) : undefined
  }
}
