/**
 * The cluster's server: adopted when it still runs (its program was killed, it was not), else started.
 *
 *     answers? --yes--> adopted, or the one we started
 *        | no
 *     its process lives? --yes--> look again: it is starting, recovering or stopping
 *        | no
 *     start it, look again. One that exits at once: another start was faster, or a killed server's
 *     last children are still leaving; so that is tried for a while before it counts.
 */
import { readFileSync, rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { AppError, describeError } from '../../kernel/errors.ts'
import type { Cluster } from './cluster.ts'
import { killServer } from './liveness.ts'
import { mayBeServing, pidFileOf, readPostmaster } from './postmaster.ts'
import { type ServerProcess, spawnServer } from './server-process.ts'

export interface RunningServer {
  readonly pid: number
  readonly socketDir: string
  /** Undefined: adopted, somebody else's child or nobody's. */
  readonly process: ServerProcess | undefined
}

/** Recovery from a crash may take its time. */
const START_TIMEOUT_MS = 90_000
/** A failure that lasts so long, with nobody else starting, is one that waiting does not cure. */
const GIVE_UP_MS = 8_000
const STOP_TIMEOUT_MS = 30_000
const LOOK_AGAIN_MS = 20
const TRY_AGAIN_MS = 200

export interface StartOptions {
  readonly settings?: Readonly<Record<string, string>>
  /** How long a server that exits at once is tried again. */
  readonly giveUpMs?: number
  readonly signal?: AbortSignal | undefined
}

/** Throws AppError `database-unavailable` with the server's last words when it does not come up; nothing is left running then. */
export async function startServer(cluster: Cluster, options: StartOptions = {}): Promise<RunningServer> {
  const deadline = Date.now() + START_TIMEOUT_MS
  let own: ServerProcess | undefined
  let failingSince: number | undefined
  try {
    while (Date.now() < deadline) {
      options.signal?.throwIfAborted()
      const postmaster = readPostmaster(cluster.data)
      if (postmaster && (await answers(cluster, postmaster.socketDir))) {
        const { pid, socketDir } = postmaster
        // One of ours beside it has lost a race and leaves by itself.
        return { pid, socketDir, process: own?.pid === pid ? own : undefined }
      }
      if (own?.hasExited) {
        own = undefined
        failingSince ??= Date.now()
        if (Date.now() - failingSince > (options.giveUpMs ?? GIVE_UP_MS)) break
        await delay(TRY_AGAIN_MS, undefined, { signal: options.signal })
      }
      if (!own && !(postmaster && mayBeServing(postmaster, cluster.data))) {
        if (postmaster) rmSync(pidFileOf(cluster.data), { force: true })
        own = spawnServer(cluster, options.settings ?? {})
      }
      // A server tells nobody when it is ready: it has to be asked.
      const pause = delay(LOOK_AGAIN_MS, undefined, { signal: options.signal })
      await (own ? Promise.race([pause, own.exited]) : pause)
    }
  } catch (error) {
    await own?.stop(STOP_TIMEOUT_MS)
    throw error
  }
  await own?.stop(STOP_TIMEOUT_MS)
  throw new AppError(
    'database-unavailable',
    `The embedded database in ${cluster.dir} does not start. Its log, ${cluster.logFile}, ends with:\n${logTail(cluster.logFile)}`,
  )
}

/** Resolves when the server is gone. Connections still open are cut, what they committed is kept. */
export async function stopServer(
  cluster: Cluster,
  server: RunningServer,
  timeoutMs = STOP_TIMEOUT_MS,
): Promise<void> {
  if (server.process) return server.process.stop(timeoutMs)
  const isGone = async (withinMs: number) => {
    const deadline = Date.now() + withinMs
    // Nobody's child: there is no exit to wait for.
    while (mayBeServing(server, cluster.data) && Date.now() < deadline) await delay(LOOK_AGAIN_MS)
    return !mayBeServing(server, cluster.data)
  }
  if (await isGone(0)) return
  process.kill(server.pid, 'SIGINT')
  if (await isGone(timeoutMs)) return
  process.kill(server.pid, 'SIGQUIT')
  if (await isGone(timeoutMs)) return
  killServer(server.pid)
  if (!(await isGone(STOP_TIMEOUT_MS))) throw new Error(`PostgreSQL (process ${server.pid}) does not stop`)
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
