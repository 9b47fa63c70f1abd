/** Runs ffprobe on a file nobody has vouched for: allow-lists, a time limit, bounded output. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { AppError } from '../../kernel/errors.ts'
import { ALLOW_LISTS, inputUrl } from './hostile-input.ts'
import type { FfmpegTools } from './tools.ts'

const MAX_OUTPUT_BYTES = 8 << 20
const PROBE_LIMIT_MS = 60_000

export interface ProbeResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** `questions` are ffprobe's options, such as `-show_streams`. The exit code is the caller's to judge. */
export async function runFfprobe(
  tools: Pick<FfmpegTools, 'ffprobePath' | 'leash'>,
  file: string,
  questions: readonly string[],
  signal: AbortSignal,
): Promise<ProbeResult> {
  const child = start(tools, file, questions, AbortSignal.any([signal, AbortSignal.timeout(PROBE_LIMIT_MS)]))
  const stdout: Buffer[] = []
  let bytes = 0
  child.stdout.on('data', (data: Buffer) => {
    bytes += data.byteLength
    if (bytes <= MAX_OUTPUT_BYTES) stdout.push(data)
    else child.kill('SIGKILL')
  })
  const { exitCode, stderr } = await ended(child, signal)
  if (bytes > MAX_OUTPUT_BYTES)
    throw new AppError('media-corrupt', 'The file describes itself in more detail than any real video.')
  return { exitCode, stdout: Buffer.concat(stdout).toString('utf8'), stderr }
}

/** The same without limits on time and output: each line is handed over as it comes. */
export async function streamFfprobe(
  tools: Pick<FfmpegTools, 'ffprobePath' | 'leash'>,
  file: string,
  questions: readonly string[],
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<{ readonly exitCode: number | null; readonly stderr: string }> {
  const child = start(tools, file, questions, signal)
  const lines = createInterface({ input: child.stdout })
  lines.on('line', onLine)
  const closed = new Promise((resolve) => lines.once('close', resolve))
  const result = await ended(child, signal)
  await closed
  return result
}

function start(
  tools: Pick<FfmpegTools, 'ffprobePath' | 'leash'>,
  file: string,
  questions: readonly string[],
  signal: AbortSignal,
) {
  const [program = tools.ffprobePath, ...args] = [
    ...tools.leash,
    tools.ffprobePath,
    '-v',
    'error',
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
