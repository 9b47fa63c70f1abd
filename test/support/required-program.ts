/** Programs that tests run and that npm cannot install: a missing one is a failure that says how to get it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

const PACKAGES = {
  'gst-launch-1.0':
    'gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly',
  rtmpdump: 'rtmpdump',
  strace: 'strace',
  obs: 'obs-studio obs-plugins',
  'xvfb-run': 'xvfb xauth libgl1-mesa-dri',
  ffplay: 'ffmpeg',
  ffprobe: 'ffmpeg',
  cvlc: 'vlc-bin vlc-plugin-base',
  mpv: 'mpv',
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
  return run(name, args, process.env)
}

/** Players without a screen and without loudspeakers. */
const NO_DEVICES = { SDL_VIDEODRIVER: 'dummy', SDL_AUDIODRIVER: 'dummy' }

/** VLC refuses to run as root: then it runs as nobody. `home`: a folder that anybody may write into. */
export function runPlayer(
  name: 'ffplay' | 'mpv' | 'cvlc',
  home: string,
  ...args: readonly string[]
): RunningProgram {
  const env = { ...process.env, ...NO_DEVICES, HOME: home }
  if (name !== 'cvlc' || process.getuid?.() !== 0) return run(name, args, env)
  return run('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', name, ...args], env)
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): RunningProgram {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  return { child, output: () => output, done: once(child, 'exit').then(([code]) => code as number | null) }
}
