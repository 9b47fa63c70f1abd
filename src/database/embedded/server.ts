/**
 * The cluster's server: adopted when it still runs (its program was killed, it was not), else started.
 *
 *     answers? --yes--> adopted
 *        | no
 *     its process lives? --yes--> wait: it is starting, recovering or stopping
 *        | no
 *     pg_ctl start --ok--> started;  --failed--> look again: another start may have been faster,
 *                                                or a killed server's last children are still leaving
 */
import { existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { AppError, describeError } from '../../kernel/errors.ts'
import type { Cluster } from './cluster.ts'
import { mayBeServing, pidFileOf, readPostmaster } from './postmaster.ts'
import { runBinary } from './run-binary.ts'

export interface RunningServer {
  readonly adopted: boolean
  readonly pid: number
  readonly socketDir: string
}

/** Recovery from a crash may take its time. */
const START_TIMEOUT_MS = 90_000
/** A failure that lasts so long, with nobody else starting, is one that waiting does not cure. */
const GIVE_UP_MS = 8_000
const STOP_TIMEOUT_SECONDS = 30
const LEAVE_TIMEOUT_MS = 5_000
const LOOK_AGAIN_MS = 50
const MAX_LOG_BYTES = 8 * 2 ** 20

/** Throws AppError `database-unavailable` with the server's last words when it does not come up. */
export async function startServer(
  cluster: Cluster,
  options: {
    readonly settings?: Readonly<Record<string, string>>
    readonly signal?: AbortSignal | undefined
  } = {},
): Promise<RunningServer> {
  const deadline = Date.now() + START_TIMEOUT_MS
  let started = false
  let failure: unknown
  let failingSince: number | undefined
  while (Date.now() < deadline) {
    options.signal?.throwIfAborted()
    const postmaster = readPostmaster(cluster.data)
    if (postmaster && (await answers(cluster, postmaster.socketDir))) {
      return { adopted: !started, pid: postmaster.pid, socketDir: postmaster.socketDir }
    }
    if (postmaster && mayBeServing(postmaster, cluster.data)) {
      // Another process's progress: there is nothing to subscribe to.
      await delay(LOOK_AGAIN_MS, undefined, { signal: options.signal })
      continue
    }
    if (postmaster) rmSync(pidFileOf(cluster.data), { force: true })
    try {
      await pgCtlStart(cluster, options.settings ?? {})
      started = true
      failingSince = undefined
    } catch (error) {
      failure = error
      failingSince ??= Date.now()
      if (Date.now() - failingSince > GIVE_UP_MS) break
      await delay(LOOK_AGAIN_MS, undefined, { signal: options.signal })
    }
  }
  throw new AppError(
    'database-unavailable',
    `The embedded database in ${cluster.dir} does not start. Its log, ${cluster.logFile}, ends with:\n${logTail(cluster.logFile)}`,
    { cause: failure },
  )
}

/** Resolves when the server is gone. Connections still open are cut, what they committed is kept. */
export async function stopServer(cluster: Cluster): Promise<void> {
  const postmaster = readPostmaster(cluster.data)
  if (!postmaster || !mayBeServing(postmaster, cluster.data)) return
  const stop = (mode: string) =>
    runBinary(
      cluster.binaries.pgCtl,
      ['stop', '-D', cluster.data, '-m', mode, '-w', '-t', String(STOP_TIMEOUT_SECONDS)],
      cluster.user,
    )
  try {
    // `immediate` loses nothing, the next start recovers from the write-ahead log: for a server that hangs.
    await stop('fast').catch(() => stop('immediate'))
  } catch (cause) {
    if (mayBeServing(postmaster, cluster.data)) {
      throw new Error(`PostgreSQL (process ${postmaster.pid}) does not stop: ${describeError(cause)}`, {
        cause,
      })
    }
  }
  // pg_ctl returns when the pid file is gone, a moment before the process is; it is nobody's child to wait for.
  const deadline = Date.now() + LEAVE_TIMEOUT_MS
  while (mayBeServing(postmaster, cluster.data) && Date.now() < deadline) await delay(5)
}

/** A connection string for one database of a running cluster; holds the password. */
export function connectionString(server: { socketDir: string }, password: string, database: string): string {
  return `postgresql://postgres:${password}@localhost/${encodeURIComponent(database)}?host=${encodeURIComponent(server.socketDir)}`
}

async function answers(cluster: Cluster, socketDir: string): Promise<boolean> {
  const client = new pg.Client({
    connectionString: connectionString({ socketDir }, cluster.password, 'postgres'),
    connectionTimeoutMillis: 5000,
  })
  // A server that leaves meanwhile is no answer either.
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch (error) {
    if ((error as { code?: string }).code === '28P01') {
      throw new AppError(
        'database-unavailable',
        `The embedded database in ${cluster.dir} does not accept the password kept beside it.`,
        { cause: error },
      )
    }
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

async function pgCtlStart(cluster: Cluster, settings: Readonly<Record<string, string>>): Promise<void> {
  if (existsSync(cluster.logFile) && statSync(cluster.logFile).size > MAX_LOG_BYTES)
    renameSync(cluster.logFile, `${cluster.logFile}.1`)
  const all = {
    listen_addresses: '',
    max_connections: '100',
    unix_socket_directories: cluster.socketDir,
    ...settings,
  }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', quote(`${name}=${value}`)])
  await runBinary(
    cluster.binaries.pgCtl,
    ['start', '-D', cluster.data, '-w', '-t', '60', '-l', cluster.logFile, '-o', flags.join(' ')],
    cluster.user,
  )
}

/** pg_ctl hands its -o to a shell. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

function logTail(logFile: string): string {
  try {
    return readFileSync(logFile, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-6)
      .map((line) => `  ${line}`)
      .join('\n')
  } catch (error) {
    return `  (${describeError(error)})`
  }
}
