/**
 * `postmaster.pid`, the file by which a PostgreSQL server holds its cluster, a line each:
 *
 *     pid, PGDATA, start time (Unix seconds), port, socket folder, listen address, shared memory key, status
 *
 * PostgreSQL clears a stale one by itself, unless the pid belongs to some other process by now: that case is ours.
 * Source: PostgreSQL 18, src/include/utils/pidfile.h
 */
import { readFileSync, readlinkSync, realpathSync } from 'node:fs'
import path from 'node:path'

export interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly socketDir: string
}

export function pidFileOf(data: string): string {
  return path.join(data, 'postmaster.pid')
}

/** Undefined when there is none, or when it is not written whole yet. */
export function readPostmaster(data: string): Postmaster | undefined {
  let lines: string[]
  try {
    lines = readFileSync(pidFileOf(data), 'utf8').split('\n')
  } catch {
    return undefined
  }
  const pid = Number(lines[0])
  const port = Number(lines[3])
  const socketDir = lines[4]
  return pid > 0 && port > 0 && socketDir ? { pid, port, socketDir } : undefined
}

/**
 * Whether that process may still be the cluster's server. When in doubt, yes: a wrong no could start
 * a second server over the first one's files.
 */
export function mayBeServing(postmaster: Pick<Postmaster, 'pid'>, data: string): boolean {
  try {
    process.kill(postmaster.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  if (process.platform !== 'linux') return true
  try {
    // Empty for a zombie; argv[0] is the path of the binary, or "postgres: …" once it set its title.
    const program = readFileSync(`/proc/${postmaster.pid}/cmdline`, 'utf8').split('\0')[0] ?? ''
    if (!/^postgres\b/.test(path.basename(program)) && !program.startsWith('postgres:')) return false
  } catch {
    return false
  }
  try {
    // A server stands in its PGDATA, also after the folder was renamed.
    return readlinkSync(`/proc/${postmaster.pid}/cwd`) === realpathSync(data)
  } catch {
    return true
  }
}
