/**
 * The composition root: builds every part, joins each port to its implementation, and disposes of them in
 * reverse order. The only file that sees all rooms.
 */
import { mkdir, rm } from 'node:fs/promises'
import type { Config } from './config/config.ts'
import { openDatabase } from './database/open-database.ts'
import type { Logger } from './kernel/logger.ts'
import { makeStoragePaths } from './media/layout.ts'
import { locateFfmpeg } from './pipeline/ffmpeg/locate.ts'
import type { FirstRun } from './setup/first-run.ts'
import { prepareStorage } from './setup/storage-folder.ts'
import { lockStorage } from './setup/storage-lock.ts'

export interface Service extends AsyncDisposable {
  readonly site: string
  /** What goes into an encoder's "server" field. */
  readonly rtmpServer: string
  /** Only on the first start. */
  readonly firstRun: FirstRun | undefined
}

export interface ServiceOptions {
  readonly log: Logger
  /** Aborted: stop starting. */
  readonly signal?: AbortSignal
}

/** Throws AppError for everything foreseen; what was already built is disposed of. */
export async function startService(config: Config, { log, signal }: ServiceOptions): Promise<Service> {
  await using building = new AsyncDisposableStack()
  const paths = makeStoragePaths(config.storageDir)

  prepareStorage(config.storageDir)
  if (config.databaseUrl === undefined) {
    building.use(lockStorage(config.storageDir))
    // Whose files these were is gone: the lock says so.
    await rm(paths.tmp, { recursive: true, force: true })
  }
  await mkdir(paths.tmp, { recursive: true })

  const searching = locateFfmpeg(config)
  // Awaited below; until then a failure of it must not count as unhandled.
  searching.catch(() => {})
  const database = building.use(
    await openDatabase({
      databaseUrl: config.databaseUrl,
      embeddedDir: paths.postgres,
      log: log.child({ part: 'database' }),
      signal,
    }),
  )
  const ffmpeg = await searching
  log.debug(
    { version: ffmpeg.version, source: ffmpeg.source, embedded: database.embedded },
    'ffmpeg and database are ready',
  )

  const built = building.move()
  return {
    site: config.publicUrl,
    rtmpServer: `rtmp://${new URL(config.publicUrl).hostname}:${config.rtmpPort}/live`,
    firstRun: undefined,
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  }
}
