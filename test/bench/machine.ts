/** What the figures were measured on, and with which ffmpeg. */
import { execFile } from 'node:child_process'
import { availableParallelism, cpus, loadavg } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { locateFfmpeg } from '../../src/pipeline/ffmpeg/locate.ts'

const run = promisify(execFile)

export interface Machine {
  readonly cores: number
  readonly processor: string
  readonly node: string
  readonly ffmpegPath: string
  readonly ffprobePath: string
  readonly ffmpegVersion: string
  /** Of the last minute, before anything was measured. */
  readonly load: number
  /** Short hash of the commit, with "+" when files differ from it; empty outside a checkout. */
  readonly commit: string
}

export async function describeMachine(): Promise<Machine> {
  const found = await locateFfmpeg({
    ffmpegPath: undefined,
    ffprobePath: undefined,
    searchPath: (process.env.PATH ?? '').split(path.delimiter),
  })
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    ffmpegPath: found.ffmpeg,
    ffprobePath: found.ffprobe,
    ffmpegVersion: found.version,
    load: loadavg()[0] ?? 0,
    commit: await currentCommit(),
  }
}

/** Undefined when others keep the machine busy: what is measured then tells little. */
export function quietEnough({ load, cores }: Machine): boolean {
  return load < cores / 4
}

async function currentCommit(): Promise<string> {
  try {
    const cwd = import.meta.dirname
    const { stdout: hash } = await run('git', ['rev-parse', '--short', 'HEAD'], { cwd })
    const { stdout: changes } = await run('git', ['status', '--porcelain', '-uno'], { cwd })
    return hash.trim() + (changes.trim() === '' ? '' : '+')
  } catch {
    return ''
  }
}
