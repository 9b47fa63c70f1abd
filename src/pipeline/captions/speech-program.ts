/**
 * Speech to text by a program of whisper.cpp (whisper-cli, formerly main): what it is told and how its words
 * are read. Options and output as its documentation has them (examples/cli/README.md):
 *
 *     whisper-cli -m <model> -f <16 kHz wav> -l auto -t 2 -pp -ovtt -oj -of <base>
 *
 * writes <base>.vtt and <base>.json, the language it heard in the latter, and `progress =  25%` on stderr.
 */
import { execFile, spawn } from 'node:child_process'
import { access, constants, readFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { AppError, describeError } from '../../kernel/errors.ts'
import type { FfmpegTools } from '../ffmpeg/tools.ts'

export interface SpeechProgram {
  /** Absolute paths. */
  readonly program: string
  readonly model: string
  /** Spoken language when nobody says which: "auto" lets it find out. */
  readonly language: string
}

export interface SpeechRun {
  readonly wavPath: string
  /** Without ending; `.vtt` and `.json` are written. */
  readonly outputBase: string
  readonly language: string
  readonly threads: number
  readonly signal: AbortSignal
  /** Killed after this long without a word. */
  readonly stallMs?: number
  /** 0 to 100. */
  readonly onProgress?: (percent: number) => void
}

const ANSWER_TIMEOUT_MS = 20_000
/** A slow machine needs minutes for the half minute of sound it takes at a time. */
const STALL_MS = 20 * 60_000
const TAIL_LINES = 8

/** Throws AppError `bad-setting` that names what to correct. */
export async function checkSpeechProgram({ program, model }: SpeechProgram): Promise<void> {
  await access(model, constants.R_OK).catch((cause: unknown) => {
    throw new AppError('bad-setting', `WHISPER_MODEL: ${model} cannot be read.`, { cause })
  })
  const said = await new Promise<string>((resolve) => {
    const options = { timeout: ANSWER_TIMEOUT_MS, maxBuffer: 4 << 20 }
    // Some builds leave with an error after their help.
    execFile(program, ['--help'], options, (error, stdout, stderr) =>
      resolve(stdout + stderr || describeError(error)),
    )
  })
  if (!/--output-vtt/.test(said) || !/--print-progress/.test(said)) {
    throw new AppError(
      'bad-setting',
      `WHISPER_PATH: ${program} is no whisper-cli of whisper.cpp (${said.split('\n')[0]?.slice(0, 120)}).`,
    )
  }
}

/** Throws AppError `encode-failed` with the end of its own words; the signal's reason when aborted. */
export async function recogniseSpeech(
  { program, model }: SpeechProgram,
  tools: Pick<FfmpegTools, 'leash' | 'niceness'>,
  run: SpeechRun,
): Promise<void> {
  const { signal, stallMs = STALL_MS } = run
  signal.throwIfAborted()
  const [first = program, ...rest] = [
    ...tools.leash,
    program,
    ...['-m', model, '-f', run.wavPath, '-l', run.language, '-t', `${run.threads}`],
    ...['-pp', '-ovtt', '-oj', '-of', run.outputBase],
  ]
  const child = spawn(first, rest, { stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' })
  if (child.pid !== undefined) setPriority(child.pid, tools.niceness)
  const tail: string[] = []
  let stalled = false
  const watchdog = setTimeout(() => {
    stalled = true
    child.kill('SIGKILL')
  }, stallMs)
  const listen = (line: string) => {
    watchdog.refresh()
    const percent = /progress\s*=\s*(\d+)%/.exec(line)?.[1]
    if (percent !== undefined) run.onProgress?.(Number(percent))
    else if (line.trim() !== '') tail.push(line.trim())
    if (tail.length > TAIL_LINES) tail.shift()
  }
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', listen)
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    signal.throwIfAborted()
    if (stalled) throw failure(`said nothing for ${stallMs / 1000} s and was ended`, tail)
    if (code !== 0) throw failure(tail.at(-1) ?? `left with ${code}`, tail)
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof AppError ? error : failure(describeError(error), tail)
  } finally {
    clearTimeout(watchdog)
  }
}

/** What it heard; undefined when it does not say. */
export async function readHeardLanguage(outputBase: string): Promise<string | undefined> {
  const text = await readFile(`${outputBase}.json`, 'utf8').catch(() => '{}')
  const parsed = z.object({ result: z.object({ language: z.string() }) }).safeParse(tryJson(text))
  return parsed.data?.result.language
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function failure(words: string, tail: readonly string[]): AppError {
  return new AppError('encode-failed', `Speech recognition failed: ${words}.`, {
    fields: { stderr: tail.join('\n') },
  })
}
