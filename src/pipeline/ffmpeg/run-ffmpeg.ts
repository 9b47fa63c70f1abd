/**
 * Runs one ffmpeg command: niced, watched, and ended with us. Progress is read from its statistics on
 * stderr; one that makes none for a while is killed, and its chunk is tried again elsewhere. So is one that
 * talks without end: what it says is kept in memory.
 */
import type { ChildProcess } from 'node:child_process'
import { Writable } from 'node:stream'
import ffmpeg from 'fluent-ffmpeg'
import { AppError } from '../../kernel/errors.ts'
import { type FfmpegCommand, STDOUT } from './command.ts'
import { endProcess } from './end-process.ts'
import { ALLOCATION_LIMIT } from './hostile-input.ts'
import { type Launcher, openLauncher } from './launcher.ts'
import type { FfmpegTools } from './tools.ts'

export interface RunOptions {
  readonly signal: AbortSignal
  /** Killed after this long without a new frame or sample; by default what the tools say. */
  readonly stallMs?: number
  /** Seconds of output so far. */
  readonly onProgress?: (seconds: number) => void
  /** What it says beside its progress. */
  readonly onLine?: (line: string) => void
  /** What comes from the output to STDOUT; all of it has come when the run is over. */
  readonly onBytes?: (bytes: Uint8Array) => void
}

const TAIL_LINES = 12
/** Warnings about a damaged file are a few hundred bytes for each frame. */
const MAX_STDERR_BYTES = 64 << 20
/** fluent-ffmpeg keeps an unfinished line whole. */
const MAX_LINE_BYTES = 1 << 20
/** A killed process is gone at once; what it started may keep its pipes open. */
const KILL_GRACE_MS = 2_000
/** What it asks beforehand takes a moment each. */
const SPAWN_LIMIT_MS = 30_000

/** Throws AppError `encode-failed` with the end of ffmpeg's own words; the signal's reason when aborted. */
export async function runFfmpeg(
  tools: FfmpegTools,
  command: FfmpegCommand,
  options: RunOptions,
): Promise<void> {
  const { signal, stallMs = tools.stallMs, onProgress, onLine, onBytes } = options
  signal.throwIfAborted()
  const taker = onBytes && takeBytes(onBytes)
  await using launcher = await openLauncher(tools, command)
  signal.throwIfAborted()
  const run = assemble(tools, launcher, command, taker?.stream)
  const tail: string[] = []
  /** Why it was ended by us. */
  let ended: { readonly reason: unknown } | undefined
  let lastProgress = ''
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let force: NodeJS.Timeout | undefined
  const kill = (reason: unknown) => {
    const child = processOf(run)
    if (child) endProcess(child)
    clearTimeout(force)
    force = setTimeout(() => {
      child?.stderr?.destroy()
      child?.stdout?.destroy()
      reject(reason)
    }, KILL_GRACE_MS)
  }
  // fluent-ffmpeg asks ffmpeg what it can do before it spawns the run: until then there is nothing to kill. It
  // is waited for, since it spawns all the same: where the run's folder is gone by then, that would end us.
  let spawned = false
  const end = (reason: unknown) => {
    ended ??= { reason }
    if (spawned) kill(ended.reason)
    else force ??= setTimeout(reject, SPAWN_LIMIT_MS, ended.reason)
  }
  const watchdog = setTimeout(() => end(stall(stallMs, tail)), stallMs)
  const abort = () => end(signal.reason)
  run.on('start', () => {
    spawned = true
    if (ended) kill(ended.reason)
    limitTalk(processOf(run), () =>
      end(
        new AppError('encode-failed', 'ffmpeg wrote messages without end and was ended.', {
          fields: failing(tail),
        }),
      ),
    )
  })
  run.on('stderr', (line: string) => {
    const progress = readProgress(line)
    if (progress === undefined) {
      onLine?.(line)
      if (line.trim() !== '') tail.push(line.trim())
      if (tail.length > TAIL_LINES) tail.shift()
    } else if (progress.mark !== lastProgress) {
      lastProgress = progress.mark
      watchdog.refresh()
      onProgress?.(progress.seconds)
    }
  })
  run.on('end', () => resolve())
  run.on('error', (error: Error) => {
    if (ended) reject(ended.reason)
    else
      reject(
        new AppError('encode-failed', `ffmpeg failed: ${tail.at(-1) ?? error.message}`, {
          cause: error,
          fields: failing(tail),
        }),
      )
  })
  signal.addEventListener('abort', abort, { once: true })
  try {
    run.run()
    await promise
    await taker?.finished
  } finally {
    clearTimeout(watchdog)
    clearTimeout(force)
    signal.removeEventListener('abort', abort)
  }
}

/** `stalled`: it did not fail by itself (pipeline/stall-rest.ts). */
function stall(stallMs: number, tail: readonly string[]): AppError {
  return new AppError('encode-failed', `ffmpeg made no progress for ${stallMs / 1000} s and was ended.`, {
    fields: { ...failing(tail), stalled: true },
  })
}

function failing(tail: readonly string[]) {
  return { stderr: tail.join('\n') }
}

/** fluent-ffmpeg's own, from its `start` event on; not in its types. */
function processOf(run: ffmpeg.FfmpegCommand): ChildProcess | undefined {
  return (run as { ffmpegProc?: ChildProcess }).ffmpegProc
}

function limitTalk(child: ChildProcess | undefined, onTooMuch: () => void): void {
  let total = 0
  let line = 0
  child?.stderr?.on('data', (data: string) => {
    total += data.length
    // Progress is written over itself: a carriage return ends a line as well.
    const last = Math.max(data.lastIndexOf('\n'), data.lastIndexOf('\r'))
    line = last === -1 ? line + data.length : data.length - last - 1
    if (total > MAX_STDERR_BYTES || line > MAX_LINE_BYTES) onTooMuch()
  })
}

/** fluent-ffmpeg takes a stream that closes by itself for one that was closed too early. */
function takeBytes(onBytes: (bytes: Uint8Array) => void) {
  const stream = new Writable({
    autoDestroy: false,
    emitClose: false,
    write(bytes: Uint8Array, _encoding, done) {
      onBytes(bytes)
      done()
    },
  })
  return { stream, finished: new Promise<void>((resolve) => stream.once('finish', resolve)) }
}

function assemble(
  tools: FfmpegTools,
  launcher: Launcher,
  command: FfmpegCommand,
  stdout: Writable | undefined,
): ffmpeg.FfmpegCommand {
  const { cwd } = launcher
  const run = ffmpeg({ niceness: tools.niceness, stdoutLines: 200, ...(cwd === undefined ? {} : { cwd }) })
  run.setFfmpegPath(launcher.path)
  for (const input of command.inputs) {
    run.input(input.url)
    // Spread, not an array: fluent-ffmpeg splits the elements of a lone array at spaces.
    if (input.options.length > 0) run.inputOptions(...input.options)
  }
  if (command.filterGraph !== undefined) run.complexFilter(command.filterGraph)
  for (const [index, output] of command.outputs.entries()) {
    const general =
      index === 0
        ? [
            '-hide_banner',
            '-nostdin',
            '-loglevel',
            command.logLevel ?? 'warning',
            '-stats',
            ...ALLOCATION_LIMIT,
          ]
        : []
    run
      .output(output.path === STDOUT && stdout ? stdout : output.path)
      .outputOptions(...general, ...output.options)
  }
  return run
}

/** `frame=  120 fps=0.0 q=28.0 size=     256kB time=00:00:04.00 …`; sound has no frame. */
function readProgress(line: string): { readonly mark: string; readonly seconds: number } | undefined {
  const match = /(?:^|\s)time=\s*(?:N\/A|(-?)(\d+):(\d+):([\d.]+))/.exec(line)
  if (!match || !/size=/.test(line)) return undefined
  const frame = /frame=\s*(\d+)/.exec(line)?.[1] ?? ''
  const seconds =
    match[2] === undefined || match[1] === '-'
      ? 0
      : Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4])
  return { mark: `${frame}/${seconds}`, seconds }
}
