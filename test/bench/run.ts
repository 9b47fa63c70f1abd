/**
 * `npm run bench [-- name…]`: measures, beside the peers, the figures of docs/benchmarks.md. Names choose;
 * none: all of them. A peer that is not installed leaves its ratios out. Exit code 1: something measured
 * was wrong (not: a target that was not met).
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describeError } from '../../src/kernel/errors.ts'
import type { Bench, BenchContext, Sample } from './bench.ts'
import { ingestCpu, ingestHlsCpu } from './ingest-cpu.ts'
import { ingestFlatOut } from './ingest-flat-out.ts'
import { ladder } from './ladder.ts'
import { describeMachine, quietEnough } from './machine.ts'
import { type BenchOptions, readOptions } from './options.ts'
import { packageLive } from './package-live.ts'
import { nginxVersion } from './peers/nginx.ts'
import { queueOverhead } from './queue-overhead.ts'
import { replayAfterBroadcast, replayAfterUpload } from './replay.ts'
import { collate, type Figure, renderTable } from './report.ts'
import { segments } from './segments.ts'
import { openSources } from './sources.ts'
import { viewers } from './viewers.ts'
import { workers } from './workers.ts'

const BENCHES: readonly Bench[] = [
  ingestCpu,
  ingestHlsCpu,
  ingestFlatOut,
  packageLive,
  viewers,
  segments,
  replayAfterBroadcast,
  replayAfterUpload,
  ladder,
  queueOverhead,
  workers,
]

interface Outcome {
  readonly name: string
  readonly figures: readonly Figure[]
  readonly notes: readonly string[]
  readonly seconds: number
  readonly failure?: string
}

async function runBench(
  bench: Bench,
  options: BenchOptions,
  context: Pick<BenchContext, 'sizes' | 'sources' | 'machine'>,
  stopping: AbortSignal,
): Promise<Outcome> {
  const notes = new Set<string>()
  const runs: (readonly Sample[])[] = []
  const startedMs = performance.now()
  const seconds = () => (performance.now() - startedMs) / 1000
  const outcome = (failure?: string): Outcome => ({
    name: bench.name,
    figures: collate(runs),
    notes: [...notes],
    seconds: seconds(),
    ...(failure !== undefined && { failure }),
  })
  try {
    const note = (text: string) => void notes.add(text)
    await inFolder(async (folder) => bench.prepare?.({ ...context, folder, note, peerFirst: false }))
    const preparedSeconds = seconds()
    let longest = 0
    while (runs.length < options.runs && !stopping.aborted) {
      const before = seconds() - preparedSeconds
      if (runs.length > 0 && before + longest > options.limitSeconds) break
      const peerFirst = runs.length % 2 === 1
      const samples = await inFolder((folder) => bench.run({ ...context, folder, note, peerFirst }))
      runs.push(options.judged ? samples : samples.map(({ target: _, ...sample }) => sample))
      longest = Math.max(longest, seconds() - preparedSeconds - before)
    }
    return outcome()
  } catch (error) {
    // A terminal's Ctrl-C reaches the servers too: what they fail with then says nothing.
    if (stopping.aborted) return outcome('stopped')
    return outcome(error instanceof Error ? (error.stack ?? describeError(error)) : describeError(error))
  }
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'reprise-bench-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function print({ name, figures, notes, seconds, failure }: Outcome): void {
  console.log(`\n── ${name} (${figures[0]?.runs ?? 0} runs, ${seconds.toFixed(0)} s)`)
  if (figures.length > 0) console.log(renderTable(figures))
  for (const note of notes) console.log(`note: ${note}`)
  if (failure !== undefined) console.log(`FAILED: ${failure}`)
}

async function main(options: BenchOptions): Promise<number> {
  const machine = await describeMachine()
  const sources = openSources(machine)
  const nginx = await nginxVersion()
  const busy = quietEnough(machine)
    ? undefined
    : `The load of the last minute was ${machine.load.toFixed(1)} on ${machine.cores} cores: measure again when the machine is quiet.`
  if (!options.json) {
    console.log(
      `${machine.cores} cores, ${machine.processor}; Node ${machine.node}; ffmpeg ${machine.ffmpegVersion}; ${nginx ?? 'no nginx'}; commit ${machine.commit || 'unknown'}`,
    )
    if (busy) console.log(busy)
    if (!options.judged)
      console.log('Tiny sizes: these figures mean nothing, and are held against no target.')
  }
  // What is under way is ended properly, servers and folders with it; a second signal ends everything at once.
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
  const outcomes: Outcome[] = []
  for (const bench of options.chosen) {
    if (stopping.signal.aborted) break
    const parts = { sizes: options.sizes, sources, machine }
    const outcome = await runBench(bench, options, parts, stopping.signal)
    outcomes.push(outcome)
    if (!options.json) print(outcome)
  }
  if (options.json) {
    const report = {
      at: new Date().toISOString(),
      machine: { ...machine, nginx, busy },
      sizes: options.sizes,
    }
    console.log(JSON.stringify({ ...report, benches: outcomes }, undefined, 2))
  }
  return stopping.signal.aborted || outcomes.some(({ failure }) => failure !== undefined) ? 1 : 0
}

let options: BenchOptions | undefined
try {
  options = readOptions(process.argv.slice(2), BENCHES)
} catch (error) {
  console.error(describeError(error))
  process.exitCode = 2
}
if (options) process.exitCode = await main(options)
