/**
 * `npm run demo`: half a minute of a generated picture with a running clock, a frame counter and a
 * beep each second, broadcast to the running server as any encoder would.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import { type Config, makeConfig } from '../config/config.ts'
import { readEnv } from '../config/env.ts'
import { AppError } from '../kernel/errors.ts'
import { makeStoragePaths } from '../media/layout.ts'
import { locateFfmpeg } from '../pipeline/ffmpeg/locate.ts'

const SECONDS = 30
const FRAME_RATE = 30

/** testsrc2 draws the clock and the frame counter itself, without fonts, small: hence the scaling. `beep_factor` makes sine beep once a second. */
export function demoArguments(target: string, seconds = SECONDS): string[] {
  return [
    ['-hide_banner', '-loglevel', 'error', '-re'],
    ['-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=${FRAME_RATE},scale=1280:720:flags=neighbor`],
    ['-f', 'lavfi', '-i', 'sine=frequency=220:beep_factor=4:sample_rate=48000'],
    ['-t', String(seconds)],
    [
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-pix_fmt',
      'yuv420p',
      '-b:v',
      '2500k',
      '-g',
      String(2 * FRAME_RATE),
    ],
    ['-c:a', 'aac', '-b:a', '128k', '-f', 'flv', target],
  ].flat()
}

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('broadcast half a minute of a test picture to the running server')
    .action(async () => {
      const config = makeConfig(readEnv(), process.cwd())
      const { ffmpeg } = await locateFfmpeg(config)
      await runDemo({ config, ffmpeg, print: (line) => process.stdout.write(`${line}\n`) })
    })
}

interface DemoOptions {
  readonly config: Config
  readonly ffmpeg: string
  readonly print: (line: string) => void
}

/** Throws AppError when the server does not run, or refuses. */
async function runDemo({ config, ffmpeg, print }: DemoOptions): Promise<void> {
  const key = await readFirstKey(makeStoragePaths(config.storageDir).firstRun)
  const site = `http://127.0.0.1:${config.port}`
  const before = await liveVideos(site)
  const child = spawn(ffmpeg, demoArguments(`rtmp://127.0.0.1:${config.rtmpPort}/live/${key}`), {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000)
  })
  const ended = once(child, 'close')
  let over = false
  void ended.finally(() => {
    over = true
  })
  while (!over) {
    const started = (await liveVideos(site)).find((id) => !before.includes(id))
    if (started) {
      print(`On air for ${SECONDS} s: ${config.publicUrl}/watch/${started}`)
      print('The same page becomes the replay when the broadcast ends.')
      break
    }
    await Promise.race([delay(250), ended])
  }
  const [code] = (await ended) as [number | null]
  if (code !== 0)
    throw new AppError(
      'setup-failed',
      `The demo broadcast failed: ${complaint.replaceAll(key, '<stream key>').trim() || 'ffmpeg was stopped'}`,
    )
  print('The broadcast is over.')
}

async function readFirstKey(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new AppError('setup-failed', `There is no ${file} yet: start the server first with "npm start".`, {
      cause,
    })
  })
  return (JSON.parse(text) as { streamKey: string }).streamKey
}

async function liveVideos(site: string): Promise<string[]> {
  const response = await fetch(`${site}/api/v1/videos?state=live&limit=100`).catch((cause: unknown) => {
    throw new AppError(
      'setup-failed',
      `No server answers at ${site}: start it with "npm start", then run the demo in a second terminal.`,
      { cause },
    )
  })
  const { items } = (await response.json()) as { items: { id: string }[] }
  return items.map((video) => video.id)
}
