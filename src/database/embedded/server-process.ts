/**
 * A PostgreSQL server that this program starts: its own child, in a session of its own. So Ctrl-C in a
 * terminal does not reach it, it survives when we are killed, and when it ends it is not left a zombie.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync, renameSync, statSync } from 'node:fs'
import type { Cluster } from './cluster.ts'
import { killServer } from './liveness.ts'
import { BINARY_ENVIRONMENT } from './run-binary.ts'

export interface ServerProcess {
  readonly pid: number | undefined
  readonly hasExited: boolean
  /** Never rejects. */
  readonly exited: Promise<void>
  /**
   * SIGINT, PostgreSQL's fast shutdown: connections are cut, what they committed is kept. One that hangs gets SIGQUIT
   * after the time given, and is killed after the same time again, which loses nothing either: the next start
   * recovers from the write-ahead log.
   */
  stop(timeoutMs: number): Promise<void>
}

const MAX_LOG_BYTES = 8 * 2 ** 20

export function spawnServer(cluster: Cluster, settings: Readonly<Record<string, string>>): ServerProcess {
  const all = {
    listen_addresses: '',
    max_connections: '100',
    unix_socket_directories: cluster.socketDir,
    ...settings,
  }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const command = [...cluster.user.wrapper, cluster.binaries.postgres, '-D', cluster.data, ...flags]
  const log = openLog(cluster.logFile)
  const child = spawn(command[0] as string, command.slice(1), {
    cwd: '/',
    env: BINARY_ENVIRONMENT,
    stdio: ['ignore', log, log],
    detached: true,
    ...(cluster.user.spawnAs ?? {}),
  })
  closeSync(log)
  // It must not keep us alive; stop() waits for it.
  child.unref()
  let hasExited = false
  const exited = new Promise<void>((resolve) => {
    const end = () => {
      hasExited = true
      resolve()
    }
    child.once('exit', end)
    // Not even started.
    child.once('error', end)
  })
  return {
    pid: child.pid,
    get hasExited() {
      return hasExited
    },
    exited,
    async stop(timeoutMs) {
      if (hasExited) return
      child.ref()
      child.kill('SIGINT')
      const timers = [
        setTimeout(() => child.kill('SIGQUIT'), timeoutMs),
        // One that was stopped by a signal hears no other.
        setTimeout(() => child.pid !== undefined && killServer(child.pid), 2 * timeoutMs),
      ]
      await exited
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

function openLog(file: string): number {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) renameSync(file, `${file}.1`)
  return openSync(file, 'a', 0o600)
}
