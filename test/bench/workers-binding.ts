/** Processors to bind programs to, so that several on one machine stand for several machines. taskset(1) */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** What goes in front of each of so many programs. Undefined: there are not so many processors, or there is no taskset. */
export async function affordable(count: number): Promise<readonly string[][] | undefined> {
  try {
    // "pid 123's current affinity list: 0,1" or "0-3".
    const { stdout } = await promisify(execFile)('taskset', ['-cp', String(process.pid)])
    const ours = parseList(stdout.split(':').at(-1) ?? '')
    if (ours.length < count) return undefined
    return ours.slice(0, count).map((processor) => ['taskset', '-c', String(processor)])
  } catch {
    return undefined
  }
}

function parseList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .flatMap((part) => {
      const [from = Number.NaN, to = from] = part.split('-').map(Number)
      return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
    })
}
