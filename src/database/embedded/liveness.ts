/**
 * Whether a server that runs also answers. One that does not, for long, is ended so that another can take
 * its place: stopped by a signal, or stuck for good, it would keep everybody waiting for ever.
 */
import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { pause } from '../../kernel/retry.ts'

export interface Patience {
  readonly everyMs: number
  /** A question that has no answer by then counts as not answered. */
  readonly timeoutMs: number
  /** So many in a row, and the server counts as hung. */
  readonly unanswered: number
}

/** Longer than a machine that is merely busy keeps anybody waiting: some 30 s. */
export const PATIENCE: Patience = { everyMs: 2000, timeoutMs: 8000, unanswered: 3 }

/** Resolves with true when the server at `url` has been silent for as long as patience lasts; with false when the signal fires. */
export async function hasHung(url: string, signal: AbortSignal, patience: Patience): Promise<boolean> {
  let unanswered = 0
  while (!signal.aborted) {
    await pause(patience.everyMs, signal)
    if (signal.aborted) break
    unanswered = (await answers(url, patience.timeoutMs)) ? 0 : unanswered + 1
    if (unanswered >= patience.unanswered && !signal.aborted) return true
  }
  return false
}

/** Any answer counts, also "starting up" and "too many connections". */
async function answers(url: string, timeoutMs: number): Promise<boolean> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'reprise-liveness',
    connectionTimeoutMillis: timeoutMs,
  })
  // A server that leaves meanwhile is told by its process.
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch (error) {
    // SQLSTATE, PostgreSQL 18 appendix A: the server itself said it.
    return /^[0-9A-Z]{5}$/.test(String((error as { code?: unknown }).code))
  } finally {
    await client.end().catch(() => {})
  }
}

/**
 * Ends a hung server and everything it started, at once: its log recovers what was committed. Its children
 * have to go too, since a new server waits until nobody holds the old one's memory, and they may be stopped
 * as it is.
 */
export function killServer(pid: number): void {
  const children = childrenOf(pid)
  for (const one of [pid, ...children]) {
    try {
      process.kill(one, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

/** None where there is no /proc. */
function childrenOf(parent: number): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent)
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // proc_pid_stat(5): pid (comm) state ppid; comm may hold anything.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    // It has ended meanwhile.
    return undefined
  }
}
