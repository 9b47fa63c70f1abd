/**
 * Generated media, made once and kept in the system's temporary folder. The pictures have noise in them,
 * so that the bit rates aimed at are reached, as from a camera.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Machine } from './machine.ts'

const run = promisify(execFile)

/** Seconds of the broadcast that is pushed over and over. */
export const BROADCAST_LOOP_SECONDS = 8
/** Seconds between keyframes of every source. */
export const GOP_SECONDS = 2
export const FRAME_RATE = 30
const UPLOAD_LOOP_SECONDS = 10

export interface Sources {
  /** FLV, 1280x720, 30 frames a second, 2.5 Mbit/s with B-frames, and AAC at 128 kbit/s. */
  broadcast(): Promise<string>
  /** MP4, 1920x1080, 30 frames a second, H.264 at about 4 Mbit/s and AAC. */
  upload(minutes: number): Promise<string>
  /** MP4, 2 s of 320x180: too small for anything to be encoded from it. */
  tiny(): Promise<string>
  /** MP4, 1920x1080, 30 frames a second, H.264 at about 8 Mbit/s, without sound. */
  ladder(seconds: number): Promise<string>
  /** H.264 of 720p30 without sound: its packets are kept, its lower qualities encoded. */
  workers(seconds: number): Promise<string>
}

export function openSources(machine: Machine): Sources {
  const folder = path.join(tmpdir(), `reprise-bench-sources-${userInfo().uid}`)
  const ffmpeg = (...args: readonly string[]) =>
    run(machine.ffmpegPath, ['-hide_banner', '-v', 'error', '-nostdin', '-y', ...args])

  /** Under its final name only when it is whole. */
  async function once(name: string, make: (file: string) => Promise<unknown>): Promise<string> {
    const file = path.join(folder, name)
    if (existsSync(file)) return file
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const aside = path.join(folder, `${process.pid}-${name}`)
    try {
      await make(aside)
      await rename(aside, file)
    } finally {
      await rm(aside, { force: true })
    }
    return file
  }

  return {
    broadcast: () =>
      once('broadcast-720p30.flv', (file) =>
        ffmpeg(
          ...picture('1280x720', BROADCAST_LOOP_SECONDS),
          ...sound(BROADCAST_LOOP_SECONDS),
          ...h264('veryfast', '2500k'),
          ...['-bf', '2', '-c:a', 'aac', '-b:a', '128k', '-shortest', '-f', 'flv', file],
        ),
      ),
    upload: (minutes) =>
      once(`upload-1080p30-${minutes}-min.mp4`, async (file) => {
        const loop = await once(`loop-1080p30.mp4`, (part) =>
          ffmpeg(
            ...picture('1920x1080', UPLOAD_LOOP_SECONDS),
            ...h264('ultrafast', '4000k'),
            ...['-f', 'mp4', part],
          ),
        )
        const seconds = minutes * 60
        await ffmpeg(
          ...['-stream_loop', String(Math.ceil(seconds / UPLOAD_LOOP_SECONDS) - 1), '-i', loop],
          ...sound(seconds),
          ...['-map', '0:v', '-map', '1:a', '-c:v', 'copy', '-c:a', 'aac', '-b:a', '128k'],
          ...['-t', String(seconds), '-movflags', '+faststart', '-f', 'mp4', file],
        )
      }),
    tiny: () =>
      once('tiny-180p30.mp4', (file) =>
        ffmpeg(...picture('320x180', 2), ...h264('veryfast', '300k'), ...['-f', 'mp4', file]),
      ),
    workers: (seconds) =>
      once(`workers-720p30-${seconds}-s.mp4`, (file) =>
        ffmpeg(...picture('1280x720', seconds), ...h264('veryfast', '4000k'), ...['-f', 'mp4', file]),
      ),

    ladder: (seconds) =>
      once(`ladder-1080p30-${seconds}-s.mp4`, (file) =>
        ffmpeg(...picture('1920x1080', seconds), ...h264('veryfast', '8000k'), ...['-f', 'mp4', file]),
      ),
  }
}

function picture(size: string, seconds: number): readonly string[] {
  const moving = `testsrc2=size=${size}:rate=${FRAME_RATE}:duration=${seconds}`
  return ['-f', 'lavfi', '-i', `${moving},noise=alls=12:allf=t`]
}

function sound(seconds: number): readonly string[] {
  return ['-f', 'lavfi', '-i', `sine=frequency=220:beep_factor=2:sample_rate=48000:duration=${seconds}`]
}

function h264(preset: string, bitRate: string): readonly string[] {
  const gop = String(GOP_SECONDS * FRAME_RATE)
  return [
    ...['-c:v', 'libx264', '-preset', preset, '-pix_fmt', 'yuv420p', '-g', gop, '-keyint_min', gop],
    ...['-sc_threshold', '0', '-b:v', bitRate, '-maxrate', bitRate, '-bufsize', bitRate],
  ]
}
