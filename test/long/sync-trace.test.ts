/** The calls that a recording makes, as the kernel sees them: nothing that was written stays without fdatasync for 2 s. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { makeBroadcastSource } from '../support/ffmpeg.ts'
import { requireProgram, runProgram } from '../support/required-program.ts'

const SECONDS = 12
/** A byte waits for its write up to 100 ms before. */
const FROM_WRITE_TO_SYNCED_MS = 1900
const RECORDER = fileURLToPath(new URL('../support/recorder-to-be-traced.ts', import.meta.url))

interface Call {
  readonly name: 'write' | 'fdatasync'
  readonly beganMs: number
  endedMs: number
}

it('a trace of a recording shows fdatasync within 2 s of every write', async () => {
  requireProgram('strace')
  const folder = await mkdtemp(path.join(tmpdir(), 'reprise-trace-'))
  try {
    const source = path.join(folder, 'source.flv')
    await makeBroadcastSource(source, { seconds: SECONDS })
    const trace = path.join(folder, 'trace')
    const traced = runProgram(
      'strace',
      ...['-f', '-y', '-ttt', '-e', 'trace=write,pwrite64,writev,pwritev,fdatasync', '-o', trace],
      ...[process.execPath, RECORDER, folder, source],
    )
    expect(await traced.done, traced.output().slice(-2000)).toBe(0)
    const calls = readTrace(await readFile(trace, 'utf8'))
    const writes = calls.filter(({ name }) => name === 'write')
    const syncs = calls.filter(({ name }) => name === 'fdatasync')
    const waits = writes.map((write) => {
      const covering = syncs.find((sync) => sync.beganMs >= write.endedMs)
      return (covering?.endedMs ?? Number.POSITIVE_INFINITY) - write.beganMs
    })
    console.log(
      `${writes.length} writes, ${syncs.length} fdatasync, longest from write to synced ${Math.round(Math.max(...waits))} ms`,
    )
    expect(writes.length).toBeGreaterThan(SECONDS)
    expect(syncs.length).toBeLessThan(SECONDS)
    expect(Math.max(...waits)).toBeLessThanOrEqual(FROM_WRITE_TO_SYNCED_MS)
  } finally {
    await rm(folder, { recursive: true })
  }
})

/** Lines of `strace -f -y -ttt` about the part: a call in one line, or begun in one and resumed in another of its thread. */
function readTrace(text: string): readonly Call[] {
  const calls: Call[] = []
  const unfinished = new Map<string, Call>()
  for (const line of text.split('\n')) {
    const [, thread = '', seconds = '', rest = ''] = /^(\d+) +(\d+\.\d+) (.*)$/.exec(line) ?? []
    const atMs = Number(seconds) * 1000
    const [, call] = /^(write|pwrite64|writev|pwritev|fdatasync)\(\d+<[^>]*\/0\.flv>/.exec(rest) ?? []
    if (call) {
      const one: Call = { name: call === 'fdatasync' ? 'fdatasync' : 'write', beganMs: atMs, endedMs: atMs }
      calls.push(one)
      if (rest.includes('<unfinished')) unfinished.set(thread, one)
    } else if (rest.startsWith('<...')) {
      const one = unfinished.get(thread)
      if (one) one.endedMs = atMs
      unfinished.delete(thread)
    }
  }
  return calls
}
