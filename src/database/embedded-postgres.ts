/**
 * A PostgreSQL of our own, below STORAGE_DIR, for those who do not bring one: made on the first start,
 * reached only through a unix socket, durable by PostgreSQL's own defaults.
 *
 * It outlives a killed program, and the next start adopts it; when it is killed itself or hangs, it is started
 * again (embedded/supervise.ts). Whoever opens a cluster must hold the
 * storage lock (setup/storage-lock.ts): closing stops the server for everyone.
 */
import path from 'node:path'
import pg from 'pg'
import type { Logger } from '../kernel/logger.ts'
import { openCluster, readPassword } from './embedded/cluster.ts'
import type { Patience } from './embedded/liveness.ts'
import { mayBeServing, readPostmaster } from './embedded/postmaster.ts'
import { connectionString, startServer } from './embedded/server.ts'
import { superviseServer } from './embedded/supervise.ts'

export const EMBEDDED_DATABASE = 'reprise'

export interface EmbeddedPostgres extends AsyncDisposable {
  /** Holds the password: never log it. */
  readonly url: string
  /** Of the server now: another one after each time it ended. */
  readonly pid: number
  /** The server was already running. */
  readonly adopted: boolean
}

export interface EmbeddedPostgresOptions {
  /** Created when it is not there. */
  readonly database?: string
  /** False: no syncing when the cluster is made. Only for tests. */
  readonly durable?: boolean
  /** PostgreSQL settings of this start. */
  readonly settings?: Readonly<Record<string, string>>
  /** How long a server that exits at once is tried again. */
  readonly giveUpMs?: number
  /** How long a server that does not answer is waited for. */
  readonly patience?: Patience
  readonly stopTimeoutMs?: number
  readonly log: Logger
  readonly signal?: AbortSignal | undefined
}

/** Throws AppError `setup-failed` (no cluster can be made here) or `database-unavailable` (it does not start). */
export async function openEmbeddedPostgres(
  dir: string,
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const database = options.database ?? EMBEDDED_DATABASE
  const cluster = await openCluster(dir, { durable: options.durable ?? true })
  const server = await startServer(cluster, options)
  const supervised = superviseServer(cluster, server, options)
  try {
    options.signal?.throwIfAborted()
    await createDatabase(connectionString(server, cluster.password, 'postgres'), database)
  } catch (error) {
    // Told to stop in the middle of starting, or unable to go on: what was started must not stay.
    await supervised.stop()
    throw error
  }
  return {
    url: connectionString(server, cluster.password, database),
    get pid() {
      return supervised.pid
    },
    adopted: server.process === undefined,
    [Symbol.asyncDispose]: () => supervised.stop(),
  }
}

/**
 * The address of a cluster's database while its owner has it running, for a command beside it.
 * Undefined when no server runs there.
 */
export function findRunningEmbeddedPostgres(dir: string, database = EMBEDDED_DATABASE): string | undefined {
  const data = path.join(dir, 'data')
  const postmaster = readPostmaster(data)
  if (!postmaster || !mayBeServing(postmaster, data)) return undefined
  return connectionString(postmaster, readPassword(data), database)
}

async function createDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`)
  } catch (error) {
    // duplicate_database, or its unique index: another start was faster.
    const { code } = error as { code?: string }
    if (code !== '42P04' && code !== '23505') throw error
  } finally {
    await client.end()
  }
}
