/**
 * Which ffmpeg and ffprobe: those of FFMPEG_PATH and FFPROBE_PATH if set, else the system's if it is new
 * enough, else the older build that npm brought (it encodes H.264 and AAC, and knows no newer codecs).
 */
import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'
import { AppError, describeError } from '../../kernel/errors.ts'

const run = promisify(execFile)

/** Without these nothing can be made. */
const NEEDED_ENCODERS = ['libx264', 'aac'] as const
const OLDEST_SYSTEM_MAJOR = 5
/** A build without a release number says only until when its copyright runs; ffmpeg 5 is of this year. */
const OLDEST_SYSTEM_YEAR = 2022
const ANSWER_TIMEOUT_MS = 20_000

export interface LocatedFfmpeg {
  readonly ffmpeg: string
  readonly ffprobe: string
  /** As it names itself, such as "5.1.9-0+deb12u1". */
  readonly version: string
  /** Names of all its encoders. */
  readonly encoders: ReadonlySet<string>
  readonly source: 'setting' | 'system' | 'package'
}

export interface FfmpegSettings {
  readonly ffmpegPath: string | undefined
  readonly ffprobePath: string | undefined
  /** Folders to look in, in order. */
  readonly searchPath: readonly string[]
}

/** Throws AppError `setup-failed` that names the setting to correct, or says what to install. */
export async function locateFfmpeg(settings: FfmpegSettings): Promise<LocatedFfmpeg> {
  const { ffmpegPath, ffprobePath, searchPath } = settings
  if (ffmpegPath || ffprobePath) {
    const ffmpeg = ffmpegPath ?? (await findOnPath('ffmpeg', searchPath)) ?? packaged('ffmpeg')
    const ffprobe =
      ffprobePath ??
      (await beside(ffmpegPath)) ??
      (await findOnPath('ffprobe', searchPath)) ??
      packaged('ffprobe')
    if (!ffmpeg || !ffprobe) throw nothingFound()
    const found = await examine(ffmpeg, ffprobe, 'setting')
    if ('fault' in found)
      throw new AppError(
        'setup-failed',
        `${found.of === ffprobe ? 'FFPROBE_PATH' : 'FFMPEG_PATH'}: ${found.of} ${found.fault}.`,
      )
    return found
  }
  const system = {
    ffmpeg: await findOnPath('ffmpeg', searchPath),
    ffprobe: await findOnPath('ffprobe', searchPath),
  }
  let rejected = ''
  if (system.ffmpeg && system.ffprobe) {
    const found = await examine(system.ffmpeg, system.ffprobe, 'system')
    if (!('fault' in found)) return found
    rejected = ` ${found.of} ${found.fault}.`
  }
  const own = { ffmpeg: packaged('ffmpeg'), ffprobe: packaged('ffprobe') }
  if (own.ffmpeg && own.ffprobe) {
    const found = await examine(own.ffmpeg, own.ffprobe, 'package')
    if (!('fault' in found)) return found
    rejected += ` ${found.of} ${found.fault}.`
  }
  throw nothingFound(rejected)
}

function nothingFound(rejected = ''): AppError {
  return new AppError(
    'setup-failed',
    `No usable ffmpeg was found.${rejected} Install ffmpeg ${OLDEST_SYSTEM_MAJOR} or newer ("sudo apt-get install ffmpeg"), or set FFMPEG_PATH and FFPROBE_PATH.`,
  )
}

async function examine(
  ffmpeg: string,
  ffprobe: string,
  source: LocatedFfmpeg['source'],
): Promise<LocatedFfmpeg | { readonly of: string; readonly fault: string }> {
  const [said, encodersSaid, probeSaid] = await Promise.all([
    ask(ffmpeg, '-version'),
    ask(ffmpeg, '-encoders'),
    ask(ffprobe, '-version'),
  ])
  for (const [of, answer] of [
    [ffmpeg, said],
    [ffmpeg, encodersSaid],
    [ffprobe, probeSaid],
  ] as const) {
    if (answer instanceof Error)
      return { of, fault: `does not run (${describeError(answer).split('\n')[0]})` }
  }
  const version = /^ffmpeg version (\S+)/.exec(String(said))?.[1]
  if (version === undefined) return { of: ffmpeg, fault: 'is not ffmpeg' }
  if (!/^ffprobe version /.test(String(probeSaid))) return { of: ffprobe, fault: 'is not ffprobe' }
  if (source === 'system' && isOld(version, String(said)))
    return { of: ffmpeg, fault: `is version ${version}, too old` }
  // Lines such as " V....D libx264              libx264 H.264 / AVC …".
  const encoders = new Set(
    [...String(encodersSaid).matchAll(/^ [VAS][A-Z.]{5} (\S+)/gm)].map((match) => match[1] ?? ''),
  )
  const missing = NEEDED_ENCODERS.filter((name) => !encoders.has(name))
  if (missing.length > 0) return { of: ffmpeg, fault: `was built without ${missing.join(' and ')}` }
  return { ffmpeg, ffprobe, version, encoders, source }
}

function isOld(version: string, said: string): boolean {
  const major = /^n?(\d+)\./.exec(version)?.[1]
  if (major !== undefined) return Number(major) < OLDEST_SYSTEM_MAJOR
  return Number(/Copyright \(c\) \d+-(\d+)/.exec(said)?.[1] ?? 0) < OLDEST_SYSTEM_YEAR
}

async function ask(binary: string, question: string): Promise<string | Error> {
  try {
    const { stdout } = await run(binary, ['-hide_banner', question].slice(question === '-version' ? 1 : 0), {
      maxBuffer: 4 << 20,
      timeout: ANSWER_TIMEOUT_MS,
    })
    return stdout
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

async function findOnPath(tool: string, searchPath: readonly string[]): Promise<string | undefined> {
  for (const folder of searchPath) {
    // npm puts packages' programs on the PATH: those are not the system's.
    if (!path.isAbsolute(folder) || folder.includes('node_modules')) continue
    if (await isExecutable(path.join(folder, tool))) return path.join(folder, tool)
  }
  return undefined
}

/** The ffprobe that lies next to the ffmpeg that was set. */
async function beside(ffmpegPath: string | undefined): Promise<string | undefined> {
  const ffprobe = ffmpegPath && path.join(path.dirname(ffmpegPath), 'ffprobe')
  return ffprobe && (await isExecutable(ffprobe)) ? ffprobe : undefined
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** The binary of @ffmpeg-installer or @ffprobe-installer for this platform, if npm installed it. */
function packaged(tool: 'ffmpeg' | 'ffprobe'): string | undefined {
  const require = createRequire(import.meta.url)
  try {
    const manifest = require.resolve(`@${tool}-installer/${process.platform}-${process.arch}/package.json`)
    return path.join(path.dirname(manifest), process.platform === 'win32' ? `${tool}.exe` : tool)
  } catch {
    return undefined
  }
}
