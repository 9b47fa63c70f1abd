/** Programs that tests run and that npm cannot install: a missing one is a failure that says how to get it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

const PACKAGES = {
  'gst-launch-1.0':
    'gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly',
  rtmpdump: 'rtmpdump',
} as const

export interface RunningProgram {
  readonly child: ChildProcess
  readonly done: Promise<number | null>
  /** Everything it printed, both streams. */
  readonly output: () => string
}

/** Throws when it is not installed. */
export function requireProgram(name: keyof typeof PACKAGES): void {
  const { error } = spawnSync(name, ['--help'], { stdio: 'ignore' })
  if (error) throw new Error(`${name} is needed: apt-get install ${PACKAGES[name]}`)
}

export function runProgram(name: keyof typeof PACKAGES, ...args: readonly string[]): RunningProgram {
  const child = spawn(name, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  return { child, output: () => output, done: once(child, 'exit').then(([code]) => code as number | null) }
}
