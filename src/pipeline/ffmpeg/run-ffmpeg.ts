/**
 * Runs one ffmpeg command: niced, watched, and ended with us. Progress is read from its statistics on
 * stderr; one that makes none for a while is killed, and its chunk is tried again elsewhere.
 */
import ffmpeg from 'fluent-ffmpeg'
import { AppError } from '../../kernel/errors.ts'
import type { FfmpegCommand } from './command.ts'
import type { FfmpegTools } from './tools.ts'

export interface RunOptions {
  readonly signal: AbortSignal
  /** Killed after this long without a new frame or sample. */
  readonly stallMs?: number
  /** Seconds of output so far. */
  readonly onProgress?: (seconds: number) => void
}

const STALL_MS = 60_000
const TAIL_LINES = 12

/** Throws AppError `encode-failed` with the end of ffmpeg's own words; the signal's reason when aborted. */
export async function runFfmpeg(
  tools: FfmpegTools,
  command: FfmpegCommand,
  options: RunOptions,
): Promise<void> {
  const { signal, stallMs = STALL_MS, onProgress } = options
  signal.throwIfAborted()
  const run = assemble(tools, command)
  const tail: string[] = []
  let stalled = false
  let lastProgress = ''
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  // fluent-ffmpeg asks ffmpeg what it can do before it spawns the run: until then there is nothing to kill.
  let spawned = false
  const end = (reason: unknown) => {
    if (spawned) run.kill('SIGKILL')
    else reject(reason)
  }
  const watchdog = setTimeout(() => {
    stalled = true
    end(stall(stallMs, tail))
  }, stallMs)
  const abort = () => end(signal.reason)
  run.on('start', () => {
    spawned = true
    if (signal.aborted || stalled) run.kill('SIGKILL')
  })
  run.on('stderr', (line: string) => {
    const progress = readProgress(line)
    if (progress === undefined) {
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
    if (signal.aborted) reject(signal.reason)
    else if (stalled) reject(stall(stallMs, tail))
    else
      reject(
        new AppError('encode-failed', `ffmpeg failed: ${tail.at(-1) ?? error.message}`, {
          cause: error,
          fields: { stderr: tail.join('\n') },
        }),
      )
  })
  signal.addEventListener('abort', abort, { once: true })
  try {
    run.run()
    await promise
  } finally {
    clearTimeout(watchdog)
    signal.removeEventListener('abort', abort)
  }
}

function stall(stallMs: number, tail: readonly string[]): AppError {
  return new AppError('encode-failed', `ffmpeg made no progress for ${stallMs / 1000} s and was ended.`, {
    fields: { stderr: tail.join('\n') },
  })
}

function assemble(tools: FfmpegTools, command: FfmpegCommand): ffmpeg.FfmpegCommand {
  const run = ffmpeg({ niceness: tools.niceness, stdoutLines: 200 })
  run.setFfmpegPath(tools.launcherPath)
  for (const input of command.inputs) {
    run.input(input.url)
    // Spread, not an array: fluent-ffmpeg splits the elements of a lone array at spaces.
    if (input.options.length > 0) run.inputOptions(...input.options)
  }
  if (command.filterGraph !== undefined) run.complexFilter(command.filterGraph)
  for (const [index, output] of command.outputs.entries()) {
    const general = index === 0 ? ['-hide_banner', '-nostdin', '-loglevel', 'warning', '-stats'] : []
    run.output(output.path).outputOptions(...general, ...output.options)
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
