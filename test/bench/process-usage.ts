/** What processes cost, as the kernel counts it. Linux: proc(5). */
import { readFileSync } from 'node:fs'

/** USER_HZ is 100 on every architecture Linux offers us. */
const TICKS_PER_SECOND = 100
/** Counted from the state, which follows the name in brackets: proc(5) /proc/pid/stat, fields 14 to 17. */
const USER = 11
const CHILDREN_SYSTEM = 14

/** Processor time of all threads of the processes, user and system, seconds. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + ticks(pid, USER, 2), 0) / TICKS_PER_SECOND
}

/** The same, with that of the children it has waited for. */
export function cpuSecondsWithChildren(pid: number): number {
  return ticks(pid, USER, CHILDREN_SYSTEM - USER + 1) / TICKS_PER_SECOND
}

function ticks(pid: number, first: number, count: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(first, first + count).reduce((sum, field) => sum + Number(field), 0)
}

/** Memory in use, MiB; pages shared among the processes are counted once (proportional set size). */
export function memoryMib(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')
    return sum + Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) / 1024
  }, 0)
}

export function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
  return text === '' ? [] : text.split(/\s+/).map(Number)
}

export interface Usage {
  readonly cpuSeconds: number
  readonly elapsedSeconds: number
}

/** Starts measuring; the returned function says what was used since. */
export function measureCpu(pids: readonly number[]): () => Usage {
  const cpuBefore = cpuSeconds(pids)
  const startedMs = performance.now()
  return () => ({
    cpuSeconds: cpuSeconds(pids) - cpuBefore,
    elapsedSeconds: (performance.now() - startedMs) / 1000,
  })
}
