/** ffmpeg and ffprobe as this machine has them, ready to be run by run-ffmpeg.ts and run-ffprobe.ts. */
import { execFile } from 'node:child_process'
import { access, constants, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { AppError } from '../../kernel/errors.ts'
import { type FfmpegDialect, parseDialect } from './command.ts'
import { type Confinement, makeConfinement, type SandboxSetting, UNCONFINED } from './confinement.ts'
import { type HardwareUse, NO_HARDWARE } from './hardware-use.ts'
import { writeLauncher } from './launcher.ts'

const run = promisify(execFile)

export interface FfmpegTools {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  /** An executable that becomes ffmpeg. */
  readonly launcherPath: string
  /** What goes in front of a program so that the kernel ends it when we are killed; empty where there is none. */
  readonly leash: readonly string[]
  /** What it may see and use; behind the leash. */
  readonly confinement: Confinement
  readonly dialect: FfmpegDialect
  /** Of an encoder: below everything that people wait for, ingest, delivery and the database. */
  readonly niceness: number
  /** One that shows no progress for so long is ended. */
  readonly stallMs: number
  /** What besides software encodes. */
  readonly hardware: HardwareUse
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
 * Throws AppError `setup-failed` when ffmpeg does not run, `bad-setting` when the sandbox that is demanded is not to be had.
 */
export async function prepareFfmpeg(options: {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  readonly tmpDir: string
  readonly stallMs?: number
  /** Absent: not confined, for files of our own making. */
  readonly sandbox?: SandboxSetting
}): Promise<FfmpegTools> {
  const { ffmpegPath, ffprobePath, tmpDir, stallMs = STALL_MS, sandbox } = options
  const [version, filters] = await Promise.all([ask(ffmpegPath, '-version'), ask(ffmpegPath, '-filters')])
  const setpriv = await findSetpriv()
  const leash = setpriv ? [setpriv, '--pdeathsig', 'KILL', '--'] : []
  await mkdir(tmpDir, { recursive: true })
  const launcherPath = path.join(tmpDir, `ffmpeg-${process.pid}.sh`)
  const confinement = sandbox
    ? await makeConfinement({ setting: sandbox, programs: [ffmpegPath, ffprobePath], tmpDir })
    : UNCONFINED
  const front = confinement.kind === 'none' ? confinement.front({ as: 'encoder', reads: [], writes: [] }) : []
  await writeLauncher(launcherPath, leash, [...front, ffmpegPath])
  return {
    ffmpegPath,
    ffprobePath,
    launcherPath,
    leash,
    confinement,
    dialect: parseDialect(version, filters),
    niceness: PATIENT_NICENESS,
    stallMs,
    hardware: NO_HARDWARE,
  }
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
