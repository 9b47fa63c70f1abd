/** ffmpeg and ffprobe as tests use them: publishing, hashing packets, counting frames. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'

const run = promisify(execFile)

export async function ffmpeg(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('ffmpeg', ['-hide_banner', '-v', 'error', '-nostdin', '-y', ...args], {
    maxBuffer: 1 << 26,
  })
  return stdout
}

export interface Publisher {
  readonly child: ChildProcess
  /** Resolves with the exit code when it is through. */
  readonly done: Promise<number | null>
  readonly stderr: () => string
}

/** Pushes a file at its own pace, packets unchanged. */
export function publish(file: string, url: string, ...before: readonly string[]): Publisher {
  return runFfmpeg('-re', ...before, '-i', file, '-c', 'copy', '-f', 'flv', url)
}

/** In the background. */
export function runFfmpeg(...args: readonly string[]): Publisher {
  const child = spawn('ffmpeg', ['-hide_banner', '-nostdin', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return { child, stderr: () => stderr, done: once(child, 'exit').then(([code]) => code as number | null) }
}

/** A hash over the packets of one kind, in Annex B for H.264: equal for equal packets in any container. */
export async function streamHash(input: string, kind: 'v' | 'a'): Promise<string> {
  const filter = kind === 'v' ? ['-bsf:v', 'h264_mp4toannexb'] : []
  const stdout = await ffmpeg(
    '-i',
    input,
    '-map',
    `0:${kind}:0`,
    '-c',
    'copy',
    ...filter,
    '-f',
    'streamhash',
    '-',
  )
  return /=([0-9a-f]+)/i.exec(stdout)?.[1] ?? ''
}

export async function countPackets(input: string, stream = 'v:0'): Promise<number> {
  const { stdout } = await run('ffprobe', [
    '-v',
    'error',
    '-select_streams',
    stream,
    '-count_packets',
    '-show_entries',
    'stream=nb_read_packets',
    '-of',
    'csv=p=0',
    input,
  ])
  return Number(stdout.trim().split('\n')[0]?.replace(/,$/, ''))
}

/** A picture that moves and a tone, with B-frames and a keyframe every 2 s, as FLV. */
export async function makeBroadcastSource(
  file: string,
  options: { seconds: number; size?: string; frameRate?: number },
): Promise<void> {
  const { seconds, size = '1280x720', frameRate = 30 } = options
  await ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${frameRate}:duration=${seconds}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:beep_factor=2:sample_rate=48000:duration=${seconds}`],
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-bf',
      '2',
      '-g',
      String(frameRate * 2),
      '-keyint_min',
      String(frameRate * 2),
      '-sc_threshold',
      '0',
    ],
    ...['-pix_fmt', 'yuv420p', '-b:v', '2500k', '-c:a', 'aac', '-b:a', '128k', '-f', 'flv', file],
  )
}
