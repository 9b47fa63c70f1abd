/**
 * An ffmpeg with a hardware encoder, on machines that have none: what it is asked of h264_nvenc it makes by
 * libx264 with other settings, so with a configuration of its own; and it fails or hangs when it is told to.
 */
import { chmod, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type HardwareUse, NO_HARDWARE } from '../../src/pipeline/ffmpeg/hardware-use.ts'
import type { FfmpegTools } from '../../src/pipeline/ffmpeg/tools.ts'

export interface FakeHardware {
  readonly tools: FfmpegTools
  /** From now on. */
  behave(how: 'well' | 'fails' | 'fails-in-the-middle' | 'hangs'): Promise<void>
}

const SCRIPT = (mood: string, ffmpeg: string, setting: string) => `
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
let args = process.argv.slice(2)
const hardware = args.includes('h264_nvenc')
const mood = existsSync('${mood}') ? readFileSync('${mood}', 'utf8') : 'well'
if (hardware && mood === 'hangs') {
  process.stderr.write('frame=    1 fps=0.0 q=0.0 size=       0kB time=00:00:00.04 bitrate=N/A\\n')
  setInterval(() => {}, 1000)
} else if (hardware && mood === 'fails') {
  process.stderr.write('OpenEncodeSessionEx failed: out of memory (10)\\n')
  process.exit(1)
} else {
  const drop = new Set(['-rc', '-cq', '-no-scenecut', '-b:v'])
  const made = []
  for (let i = 0, mine = false; i < args.length; i++) {
    if (args[i] === '-c:v') mine = args[i + 1] === 'h264_nvenc'
    if (mine && drop.has(args[i])) i++
    else if (mine && args[i] === '-preset') { made.push('-preset', '${setting}'); i++ }
    else made.push(args[i] === 'h264_nvenc' ? 'libx264' : args[i])
  }
  const { status } = spawnSync('${ffmpeg}', made, { stdio: 'inherit' })
  process.exit(hardware && mood === 'fails-in-the-middle' ? 1 : (status ?? 1))
}
`

/** Below `folder`. `setting`: of libx264, where another one stands for another driver. */
export async function makeFakeHardware(
  tools: FfmpegTools,
  folder: string,
  setting = 'ultrafast',
): Promise<FakeHardware> {
  const mood = path.join(folder, `mood-${setting}`)
  const script = path.join(folder, `ffmpeg-${setting}.mjs`)
  const launcherPath = path.join(folder, `ffmpeg-${setting}.sh`)
  await writeFile(script, SCRIPT(mood, tools.ffmpegPath, setting))
  await writeFile(launcherPath, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`)
  await chmod(launcherPath, 0o700)
  return {
    tools: { ...tools, launcherPath },
    async behave(how) {
      if (how === 'well') await rm(mood, { force: true })
      else await writeFile(mood, how)
    },
  }
}

/** In use, and what became of it. */
export function seenUse(): HardwareUse & { readonly failures: unknown[]; successes: number } {
  const failures: unknown[] = []
  return {
    ...NO_HARDWARE,
    encoder: { kind: 'nvenc' },
    name: 'h264_nvenc',
    failures,
    successes: 0,
    succeeded() {
      this.successes += 1
    },
    failed(error) {
      failures.push(error)
    },
  }
}
