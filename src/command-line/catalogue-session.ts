/** The catalogue for the length of one command, beside a running server or alone. */
import { layFoundation } from '../composition/foundation.ts'
import { type Holdings, openLibrary } from '../composition/holdings.ts'
import { makeConfig } from '../config/config.ts'
import { readEnv } from '../config/env.ts'
import { makeLogger } from '../kernel/logger.ts'
import type { JobQueue } from '../pipeline/queue.ts'

export interface CatalogueSession extends Holdings {
  /** Where the site is, for the addresses that a command prints. */
  readonly site: string
  readonly queue: JobQueue
  /** Absolute. */
  readonly storageDir: string
}

/** Opens, works, closes. Throws AppError for everything foreseen. */
export async function withCatalogue<T>(work: (catalogue: CatalogueSession) => Promise<T>): Promise<T> {
  const env = readEnv()
  const config = makeConfig(env, process.cwd())
  // What is only told to a server's log is in a command's way.
  const log = makeLogger(env.LOG_LEVEL ? config.logLevel : 'warn')
  await using stack = new AsyncDisposableStack()
  const foundation = await layFoundation(config, stack, { log, standing: 'command' })
  const holdings = await openLibrary(foundation, stack)
  return await work({
    ...holdings,
    queue: foundation.queue,
    site: config.publicUrl,
    storageDir: config.storageDir,
  })
}
