/**
 * Where decoding has to begin so that the picture shown at a time is known, however long ago it came: a
 * hole, or a still picture with sound. All packets of the track are walked through; for the rare case only.
 */
import { type ProbeTools, streamFfprobe } from './ffmpeg/run-ffprobe.ts'

/** Seconds on the file's own clock; undefined when no keyframe stands before `at`. */
export async function lastKeyframeBefore(
  tools: ProbeTools,
  path: string,
  streamIndex: number,
  at: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  let found: number | undefined
  await streamFfprobe(
    tools,
    path,
    [
      ...['-select_streams', `${streamIndex}`],
      ...['-show_entries', 'packet=pts_time,dts_time,flags', '-of', 'compact=p=0'],
    ],
    (line) => {
      if (!/\|flags=K/.test(line)) return
      const seconds = Number(/pts_time=(-?[\d.]+)/.exec(line)?.[1] ?? /dts_time=(-?[\d.]+)/.exec(line)?.[1])
      if (seconds <= at && seconds > (found ?? Number.NEGATIVE_INFINITY)) found = seconds
    },
    signal,
  )
  return found
}
