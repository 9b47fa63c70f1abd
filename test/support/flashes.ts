/** A film that flashes and beeps in the same instant, again and again, and where that is found in a file. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ffmpeg } from './ffmpeg.ts'

const run = promisify(execFile)

/** At 1, 5 and 9 s: white and a tone for 0.4 s. Seconds. */
export const FLASHES = [1, 5, 9] as const
const SECONDS = 10

/** Arguments follow the two inputs, of which the second is heard `lateBy` seconds after it should be. */
export async function makeFlashes(
  file: string,
  args: readonly string[],
  { lateBy = 0, rate = 20 } = {},
): Promise<string> {
  const during = `between(mod(t+0.001,4),1,1.4)`
  const picture = `color=black:size=128x72:rate=${rate}:duration=${SECONDS},drawbox=w=iw:h=ih:color=white:t=fill:enable='${during}'`
  const sound = `sine=frequency=1000:sample_rate=48000:duration=${SECONDS},volume=volume=0:enable='not(${during})'`
  await ffmpeg(
    ...['-f', 'lavfi', '-i', picture, '-itsoffset', `${lateBy}`, '-f', 'lavfi', '-i', sound],
    ...['-map', '0', '-map', '1', ...args, file],
  )
  return file
}

/** When each flash begins, seconds from the first picture. */
export async function findFlashes(file: string): Promise<readonly number[]> {
  const printed = await ffmpeg(
    ...['-i', file, '-map', '0:v:0'],
    ...['-vf', 'signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-', '-f', 'null', '-'],
  )
  const frames = [...printed.matchAll(/pts_time:(-?[\d.]+)\s+lavfi\.signalstats\.YAVG=([\d.]+)/g)].map(
    ([, pts, y]) => ({ pts: Number(pts), white: Number(y) > 120 }),
  )
  return frames
    .filter(({ white }, i) => white && i > 0 && !frames[i - 1]?.white)
    .map(({ pts }) => pts - (frames[0]?.pts ?? 0))
}

/** When each beep begins, seconds on the file's own clock. */
export async function findBeeps(file: string): Promise<readonly number[]> {
  const { stdout } = await run(
    'ffmpeg',
    [
      ...['-v', 'error', '-copyts', '-i', file, '-map', '0:a:0'],
      // From 0 on, whenever the sound begins.
      ...['-af', 'aresample=48000:async=1:first_pts=0:min_hard_comp=0.01', '-ac', '1', '-f', 'f32le', '-'],
    ],
    { encoding: 'buffer', maxBuffer: 1 << 28 },
  )
  const samples = new Float32Array(stdout.buffer, stdout.byteOffset, stdout.byteLength >> 2)
  const beeps: number[] = []
  let heard = 0
  for (let n = 0; n < samples.length; n++) {
    // Louder than what AAC smears over the frame before.
    if (Math.abs(samples[n] ?? 0) <= 0.06) continue
    if (n - heard > 9600) beeps.push(n / 48_000)
    heard = n
  }
  return beeps
}
