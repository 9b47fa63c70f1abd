/** ffmpeg and ffprobe as this machine has them, ready to be run by run-ffmpeg.ts and run-ffprobe.ts. */
import { execFile } from 'node:child_process'
import { access, chmod, constants, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { AppError } from '../../kernel/errors.ts'
import { type FfmpegDialect, parseDialect } from './command.ts'

const run = promisify(execFile)

export interface FfmpegTools {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  /** An executable that becomes ffmpeg. */
  readonly launcherPath: string
  /** What goes in front of a program so that the kernel ends it when we are killed; empty where there is none. */
  readonly leash: readonly string[]
  readonly dialect: FfmpegDialect
  /** Of an encoder: below everything that people wait for, ingest, delivery and the database. */
  readonly niceness: number
  /** One that shows no progress for so long is ended. */
  readonly stallMs: number
}

const STALL_MS = 60_000
/** For what is made beforehand. */
const PATIENT_NICENESS = 15
/** For what a viewer waits for: it gets nine tenths of what patient ones would take. */
const URGENT_NICENESS = 5

export function urgentTools(tools: FfmpegTools): FfmpegTools {
  return { ...tools, niceness: URGENT_NICENESS }
}

/**
 * Looks at the builds and writes the launcher into `tmpDir` (made if absent; emptied by others at boot).
 * Throws AppError `setup-failed` when ffmpeg does not run.
 */
export async function prepareFfmpeg(options: {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  readonly tmpDir: string
  readonly stallMs?: number
}): Promise<FfmpegTools> {
  const { ffmpegPath, ffprobePath, tmpDir, stallMs = STALL_MS } = options
  const [version, filters] = await Promise.all([ask(ffmpegPath, '-version'), ask(ffmpegPath, '-filters')])
  const setpriv = await findSetpriv()
  const leash = setpriv ? [setpriv, '--pdeathsig', 'KILL', '--'] : []
  await mkdir(tmpDir, { recursive: true })
  const launcherPath = path.join(tmpDir, `ffmpeg-${process.pid}.sh`)
  await writeFile(launcherPath, launcher(leash, ffmpegPath))
  await chmod(launcherPath, 0o700)
  return {
    ffmpegPath,
    ffprobePath,
    launcherPath,
    leash,
    dialect: parseDialect(version, filters),
    niceness: PATIENT_NICENESS,
    stallMs,
  }
}

/**
 * ffmpeg outlives a killed worker and keeps writing, unless the kernel ends it with its parent. A parent that
 * died before that was asked for is nobody's any more: then nothing is begun.
 */
function launcher(leash: readonly string[], ffmpegPath: string): string {
  const begin = `exec ${quote(ffmpegPath)} "$@"`
  if (leash.length === 0) return `#!/bin/sh\n${begin}\n`
  const checked = `[ "$PPID" = ${process.pid} ] || exit 1; ${begin}`
  return `#!/bin/sh\nexec ${leash.map(quote).join(' ')} /bin/sh -c ${quote(checked)} ffmpeg "$@"\n`
}

async function ask(ffmpegPath: string, question: string): Promise<string> {
  try {
    const { stdout } = await run(ffmpegPath, ['-hide_banner', question], {
      maxBuffer: 4 << 20,
      timeout: 20_000,
    })
    return stdout
  } catch (cause) {
    throw new AppError(
      'setup-failed',
      `ffmpeg does not run (${ffmpegPath} ${question}). Install ffmpeg 5 or newer, or set FFMPEG_PATH.`,
      { cause },
    )
  }
}

/** util-linux has it on every Linux; not on other systems. */
async function findSetpriv(): Promise<string | undefined> {
  for (const candidate of ['/usr/bin/setpriv', '/bin/setpriv']) {
    try {
      await access(candidate, constants.X_OK)
      // Old ones (before 2.33) do not know --pdeathsig.
      await run(candidate, ['--pdeathsig', 'KILL', '--', 'true'], { timeout: 5_000 })
      return candidate
    } catch {
      // Not there, or too old: look further.
    }
  }
  return undefined
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
