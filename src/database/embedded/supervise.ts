/**
 * Keeps a cluster's server running for as long as the program does: one that ends without being told
 * (killed, out of memory, a full disk) is started again, as often as it takes, and so is one that hangs.
 *
 *     running --ends by itself--> starting --answers--> running
 *        |                           |  ^
 *        +--hangs: it is killed------+  |
 *                                    |  |
 *                                    +--+ does not come up: tried again, later each time
 */
import type { Logger } from '../../kernel/logger.ts'
import { pause, retryUntilDone } from '../../kernel/retry.ts'
import type { Cluster } from './cluster.ts'
import { hasHung, killServer, PATIENCE, type Patience } from './liveness.ts'
import { mayBeServing } from './postmaster.ts'
import { connectionString, type RunningServer, startServer, stopServer } from './server.ts'

export interface SupervisedServer {
  readonly pid: number
  /** Resolves when the server is gone and will not come back. */
  stop(): Promise<void>
}

export interface SuperviseOptions {
  /** PostgreSQL settings of every start. */
  readonly settings?: Readonly<Record<string, string>>
  readonly patience?: Patience | undefined
  /** Given to each way of stopping it, before the next and rougher one. */
  readonly stopTimeoutMs?: number | undefined
  readonly log: Logger
}

/** A server that was adopted is nobody's child: it has to be looked at. */
const LOOK_MS = 500
/** One that ends sooner than this after its start is given time before the next. */
const SOON_MS = 10_000
const BREATHER_MS = 1000

/** `first` runs already. */
export function superviseServer(
  cluster: Cluster,
  first: RunningServer,
  { settings = {}, patience = PATIENCE, stopTimeoutMs, log }: SuperviseOptions,
): SupervisedServer {
  const stopping = new AbortController()
  const { signal } = stopping
  let current = first

  async function bringBack(): Promise<void> {
    // On the same socket: everybody's address of the database stays valid.
    const same = { ...settings, unix_socket_directories: current.socketDir }
    await retryUntilDone(
      async () => {
        current = await startServer(cluster, { settings: same, signal })
        log.info({ pid: current.pid, adopted: !current.process }, 'embedded database runs again')
      },
      {
        signal,
        onRetry: (error) => log.error({ err: error }, 'embedded database does not start; trying again'),
      },
    )
  }

  async function hasEndedOrHung(): Promise<void> {
    const settled = new AbortController()
    const watch = AbortSignal.any([signal, settled.signal])
    const url = connectionString(current, cluster.password, 'postgres')
    const ended = hasEnded(cluster, current, watch)
    const hung = hasHung(url, watch, patience)
    const mustBeEnded = await Promise.race([ended.then(() => false), hung])
    if (mustBeEnded) {
      log.error({ pid: current.pid }, 'embedded database does not answer any more; ending it')
      killServer(current.pid)
      await ended
    }
    settled.abort()
    await hung
  }

  async function supervise(): Promise<void> {
    for (;;) {
      const since = Date.now()
      await hasEndedOrHung()
      if (signal.aborted) return
      log.error({ pid: current.pid, logFile: cluster.logFile }, 'embedded database ended; starting it again')
      if (Date.now() - since < SOON_MS) await pause(BREATHER_MS, signal)
      await bringBack()
    }
  }

  const supervising = supervise()
  let stopped: Promise<void> | undefined
  return {
    get pid() {
      return current.pid
    },
    stop() {
      stopped ??= (async () => {
        stopping.abort(new Error('the embedded database is being stopped'))
        await supervising
        await stopServer(cluster, current, stopTimeoutMs)
      })()
      return stopped
    },
  }
}

/** Resolves when the server's process is gone, or with the signal. */
async function hasEnded(cluster: Cluster, server: RunningServer, signal: AbortSignal): Promise<void> {
  if (server.process) {
    const told = Promise.withResolvers<void>()
    const tell = () => told.resolve()
    signal.addEventListener('abort', tell)
    if (!signal.aborted) await Promise.race([server.process.exited, told.promise])
    signal.removeEventListener('abort', tell)
    return
  }
  while (!signal.aborted && mayBeServing(server, cluster.data)) await pause(LOOK_MS, signal)
}
