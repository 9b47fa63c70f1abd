/**
 * Whether this machine encodes H.264 by hardware: what is set or found is tried at start with a few frames.
 * What follows from that: ffmpeg/hardware-use.ts.
 */
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { describeError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/logger.ts'
import type { FfmpegCommand } from './ffmpeg/command.ts'
import { HARDWARE_KINDS, type HardwareEncoder } from './ffmpeg/encoder-argv.ts'
import { type HardwareUse, hardwareName, NO_HARDWARE, takeHardware } from './ffmpeg/hardware-use.ts'
import { runFfmpeg } from './ffmpeg/run-ffmpeg.ts'
import type { FfmpegTools } from './ffmpeg/tools.ts'
import { encodeFiller } from './ffmpeg/video-argv.ts'
import { planLadder } from './ladder.ts'
import { openAttemptDir } from './steps/step-parts.ts'

export const HARDWARE_SETTINGS = ['auto', ...HARDWARE_KINDS, 'none'] as const
export type HardwareSetting = (typeof HARDWARE_SETTINGS)[number]

/** A driver that hangs is not waited for. */
const TRIAL_MS = 15_000

export interface HardwareSearch {
  readonly setting: HardwareSetting
  readonly tools: FfmpegTools
  /** ffmpeg's names of all its encoders. */
  readonly encoders: ReadonlySet<string>
  readonly tmpDir: string
  readonly logger: Logger
  /** For tests. */
  readonly platform?: NodeJS.Platform
  readonly deviceDir?: string
  readonly trialMs?: number
}

/** Never rejects: what is wanted and does not work is told in the log. */
export async function findHardwareEncoder(search: HardwareSearch): Promise<HardwareUse> {
  const { setting, encoders, logger } = search
  if (setting === 'none') return NO_HARDWARE
  const candidates = await listCandidates(search)
  const refusals: string[] = []
  if (setting !== 'auto' && candidates.length === 0)
    refusals.push(
      encoders.has(hardwareName(setting))
        ? `there is no device for ${setting}`
        : `ffmpeg was built without ${hardwareName(setting)}`,
    )
  for (const candidate of candidates) {
    try {
      await tryEncoder(search, candidate)
      logger.info(
        { encoder: hardwareName(candidate.kind), device: candidate.device },
        'hardware encodes H.264',
      )
      return takeHardware(candidate, logger)
    } catch (error) {
      refusals.push(`${hardwareName(candidate.kind)}: ${describeError(error)}`)
    }
  }
  if (refusals.length > 0)
    logger.warn({ setting, refusals }, 'no hardware encoder works here: software encodes')
  return NO_HARDWARE
}

/** What could be there, the likeliest first. On Linux the devices say so; elsewhere it is tried. */
async function listCandidates(search: HardwareSearch): Promise<readonly HardwareEncoder[]> {
  const { setting, encoders, platform = process.platform, deviceDir = '/dev' } = search
  const kinds = HARDWARE_KINDS.filter(
    (kind) => (setting === 'auto' || setting === kind) && encoders.has(hardwareName(kind)),
  )
  const render = platform === 'linux' ? await renderDevices(deviceDir) : []
  const hasNvidia = platform !== 'linux' || (await exists(deviceDir, 'nvidiactl'))
  const candidates: HardwareEncoder[] = []
  for (const kind of kinds) {
    if (kind === 'nvenc' && hasNvidia && platform !== 'darwin') candidates.push({ kind })
    if (kind === 'qsv' && (platform === 'win32' || render.length > 0)) candidates.push({ kind })
    if (kind === 'vaapi') candidates.push(...render.map((device) => ({ kind, device })))
    if (kind === 'videotoolbox' && platform === 'darwin') candidates.push({ kind })
  }
  return candidates
}

async function renderDevices(deviceDir: string): Promise<readonly string[]> {
  const names = await readdir(path.join(deviceDir, 'dri')).catch((): string[] => [])
  return names
    .filter((name) => /^renderD\d+$/.test(name))
    .sort()
    .map((name) => path.join(deviceDir, 'dri', name))
}

async function exists(folder: string, name: string): Promise<boolean> {
  return (await readdir(folder).catch((): string[] => [])).includes(name)
}

/** A few black frames with a keyframe asked for in their middle, with exactly the options of a rung. */
async function tryEncoder(search: HardwareSearch, hardware: HardwareEncoder): Promise<void> {
  const { tools, tmpDir, trialMs = TRIAL_MS } = search
  await using dir = await openAttemptDir(tmpDir, 'hardware')
  const rungs = planLadder({ width: 640, height: 360, frameRate: 30 }, 'planned').slice(0, 1)
  const command: FfmpegCommand = encodeFiller({
    rungs,
    outputOf: () => path.join(dir.path, 'trial.mp4'),
    threads: 1,
    dialect: tools.dialect,
    encoderOf: () => ({ by: 'hardware', hardware }),
    picture: { width: 640, height: 360, matrix: 'bt709' },
    interlaced: false,
    hdr: false,
    rate: { num: 30, den: 1 },
    firstFrame: 0,
    segmentFrames: [2, 2],
    prerollSeconds: 0,
  })
  const over = new AbortController()
  const late = new Error(`it did not answer within ${trialMs / 1000} s`)
  const timer = setTimeout(() => over.abort(late), trialMs)
  try {
    await runFfmpeg(tools, command, { signal: over.signal })
  } finally {
    clearTimeout(timer)
  }
}
