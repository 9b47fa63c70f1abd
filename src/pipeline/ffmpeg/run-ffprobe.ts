/** Runs ffprobe on a file nobody has vouched for: allow-lists, a time limit, bounded output. */
import { spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { AppError } from '../../kernel/errors.ts'
import { ALLOCATION_LIMIT, ALLOW_LISTS, inputUrl } from './hostile-input.ts'
import { MAX_PROBE_OUTPUT_BYTES, PROBE_LIMIT_MS, SCAN_LIMIT_MS, SCAN_SLOWEST_BYTES_PER_MS } from './limits.ts'
import type { FfmpegTools } from './tools.ts'

export type ProbeTools = Pick<FfmpegTools, 'ffprobePath' | 'leash' | 'confinement'>

export interface ProbeResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** `questions` are ffprobe's options, such as `-show_streams`. The exit code is the caller's to judge. */
export async function runFfprobe(
  tools: ProbeTools,
  file: string,
  questions: readonly string[],
  signal: AbortSignal,
): Promise<ProbeResult> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(PROBE_LIMIT_MS)])
  const child = start(tools, 'probe', file, questions, limited)
  const stdout: Buffer[] = []
  let bytes = 0
  child.stdout.on('data', (data: Buffer) => {
    bytes += data.byteLength
    if (bytes <= MAX_PROBE_OUTPUT_BYTES) stdout.push(data)
    else child.kill('SIGKILL')
  })
  const { exitCode, stderr } = await ended(child, signal)
  if (bytes > MAX_PROBE_OUTPUT_BYTES)
    throw new AppError('media-corrupt', 'The file describes itself in more detail than any real video.')
  return { exitCode, stdout: Buffer.concat(stdout).toString('utf8'), stderr }
}

/** The same for a walk through the whole file, in the time its size allows: each line is handed over as it comes. */
export async function streamFfprobe(
  tools: ProbeTools,
  file: string,
  questions: readonly string[],
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<{ readonly exitCode: number | null; readonly stderr: string }> {
  const { size } = await stat(file)
  const limited = AbortSignal.any([
    signal,
    AbortSignal.timeout(SCAN_LIMIT_MS + Math.round(size / SCAN_SLOWEST_BYTES_PER_MS)),
  ])
  const child = start(tools, 'scan', file, questions, limited)
  const lines = createInterface({ input: child.stdout })
  lines.on('line', onLine)
  const closed = new Promise((resolve) => lines.once('close', resolve))
  const result = await ended(child, signal)
  await closed
  return result
}

function start(
  tools: ProbeTools,
  as: 'probe' | 'scan',
  file: string,
  questions: readonly string[],
  signal: AbortSignal,
) {
  const [program = tools.ffprobePath, ...args] = [
    ...tools.leash,
    ...tools.confinement.front({ as, reads: [file], writes: [] }),
    tools.ffprobePath,
    '-v',
    'error',
    ...ALLOCATION_LIMIT,
    ...ALLOW_LISTS,
    ...questions,
    inputUrl(file),
  ]
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' })
}

async function ended(
  child: ReturnType<typeof start>,
  signal: AbortSignal,
): Promise<{ exitCode: number | null; stderr: string }> {
  let stderr = ''
  child.stderr.on('data', (data: Buffer) => {
    if (stderr.length < 20_000) stderr += data.toString('utf8')
  })
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      if (signal.aborted) reject(signal.reason)
      else if (error.name === 'AbortError')
        reject(
          new AppError('media-corrupt', 'Looking at the file took too long: it is probably damaged.', {
            cause: error,
          }),
        )
      else
        reject(
          new AppError(
            'setup-failed',
            'ffprobe does not run. Install ffmpeg 5 or newer, or set FFPROBE_PATH.',
            { cause: error },
          ),
        )
    })
    child.on('close', (exitCode) => resolve({ exitCode, stderr }))
  })
}
