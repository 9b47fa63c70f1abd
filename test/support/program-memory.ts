/** What a process and all below it hold in memory, as Linux counts it. */
import { readdirSync, readFileSync } from 'node:fs'

/** Resident MiB of one process. */
export function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024
}

/** Descriptors that it has open. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}
