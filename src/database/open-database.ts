/** The program's database, ready to use: DATABASE_URL if it is set, else the embedded PostgreSQL. */
import { AppError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/logger.ts'
import { type Database, makeDatabase } from './client.ts'
import { findRunningEmbeddedPostgres, openEmbeddedPostgres } from './embedded-postgres.ts'
import { applyMigrations } from './migrations.ts'

export interface OpenDatabase extends AsyncDisposable {
  readonly prisma: Database
  /** For the queue's and listeners' own connections. Holds a password: never log it. */
  readonly url: string
  readonly embedded: boolean
}

export interface OpenDatabaseOptions {
  /** DATABASE_URL; undefined: embedded. */
  readonly databaseUrl: string | undefined
  /** Where the embedded cluster lives. Its user must hold the storage lock. */
  readonly embeddedDir: string
  /** True: another program runs the embedded server; use it, and leave it running. */
  readonly visiting?: boolean
  readonly log: Logger
  readonly signal?: AbortSignal | undefined
}

/**
 * Starts what must be started, applies pending migrations and connects.
 * Throws AppError `database-unavailable` (names DATABASE_URL) or `setup-failed`.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<OpenDatabase> {
  const { log, signal } = options
  await using opening = new AsyncDisposableStack()
  let url = options.databaseUrl
  if (!url && options.visiting) {
    url = findRunningEmbeddedPostgres(options.embeddedDir)
    if (!url)
      throw new AppError(
        'database-unavailable',
        'The Reprise on this storage folder is just starting or stopping: try again in a moment.',
      )
  }
  if (!url) {
    const server = opening.use(await openEmbeddedPostgres(options.embeddedDir, { log, signal }))
    log.debug({ pid: server.pid, adopted: server.adopted }, 'embedded database runs')
    url = server.url
  }
  await applyMigrations(url, { log, signal })
  const closing = new AbortController()
  const prisma = makeDatabase(url, { log, closing: closing.signal })
  opening.defer(() => {
    closing.abort()
    return prisma.$disconnect()
  })
  const open = opening.move()
  return {
    prisma,
    url,
    embedded: options.databaseUrl === undefined,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
