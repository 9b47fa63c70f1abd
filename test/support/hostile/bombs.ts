/** A few bytes that claim to be much: a picture, tracks, time, pictures a second. */
import { readFile, writeFile } from 'node:fs/promises'
import { ffmpeg } from '../ffmpeg.ts'

export interface Bomb {
  readonly title: string
  readonly name: string
  readonly make: (file: string) => Promise<void>
  /** What the person who sent it is told. */
  readonly refusal: RegExp
}

const small = (...args: readonly string[]) => ['-f', 'lavfi', '-i', `testsrc2=s=64x36:r=10:d=1`, ...args]
const HUGE = 30_000

export const BOMBS: readonly Bomb[] = [
  {
    title: 'a VP9 of 30000 by 30000 pixels',
    name: 'huge.webm',
    make: async (file) => {
      await ffmpeg(...small('-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'), file)
      await patch(file, Buffer.from([0x49, 0x83, 0x42]), (bytes, at) => {
        // Behind the sync code: four bits of colour, then width and height less one, 16 bits each.
        const size = (BigInt(HUGE - 1) << 16n) | BigInt(HUGE - 1)
        for (let i = 0; i < 32; i++)
          setBit(bytes, (at + 3) * 8 + 4 + i, ((size >> BigInt(31 - i)) & 1n) === 1n)
      })
    },
    refusal: /larger than any video's/,
  },
  {
    title: 'an MJPEG of 30000 by 30000 pixels',
    name: 'huge.avi',
    make: async (file) => {
      await ffmpeg(...small('-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p'), file)
      await patch(file, Buffer.from([0xff, 0xc0, 0x00, 0x11, 0x08]), (bytes, at) => {
        bytes.writeUInt16BE(HUGE, at + 5)
        bytes.writeUInt16BE(HUGE, at + 7)
      })
    },
    refusal: /larger than any video's/,
  },
  {
    title: 'a thousand tracks',
    name: 'tracks.mkv',
    make: (file) =>
      ffmpeg(
        ...[
          '-f',
          'lavfi',
          '-i',
          'testsrc2=s=64x36:r=5:d=0.4',
          '-f',
          'lavfi',
          '-i',
          'anullsrc=r=8000:cl=mono:d=0.1',
          '-map',
          '0:v',
        ],
        ...Array.from({ length: 999 }, () => ['-map', '1:a']).flat(),
        ...['-c:v', 'mpeg4', '-c:a', 'pcm_u8', file],
      ).then(() => undefined),
    refusal: /more than 256 tracks/,
  },
  {
    title: 'two pictures with thirty years between them',
    name: 'years.mkv',
    make: (file) =>
      ffmpeg(
        ...small(
          '-vf',
          'setpts=PTS+gte(N\\,5)*1000000000/TB',
          '-fps_mode',
          'passthrough',
          '-c:v',
          'mjpeg',
          '-pix_fmt',
          'yuvj420p',
        ),
        file,
      ).then(() => undefined),
    refusal: /claims to last \d+ days; no more than 7 days/,
  },
  {
    title: 'ten pictures in three days',
    name: 'days.mkv',
    make: (file) =>
      ffmpeg(
        ...small(
          '-vf',
          'setpts=PTS+gte(N\\,5)*259200/TB',
          '-fps_mode',
          'passthrough',
          '-c:v',
          'mjpeg',
          '-pix_fmt',
          'yuvj420p',
        ),
        file,
      ).then(() => undefined),
    refusal: /claims to last 72 hours and holds 10 pictures/,
  },
  {
    title: 'twenty thousand pictures in a second',
    name: 'rate.mkv',
    make: (file) =>
      ffmpeg(
        '-f',
        'lavfi',
        '-i',
        'color=s=16x16:r=20000:d=1',
        '-c:v',
        'rawvideo',
        '-pix_fmt',
        'gray',
        file,
      ).then(() => undefined),
    refusal: /holds 20000 pictures for 1\.0 s/,
  },
]

async function patch(
  file: string,
  pattern: Buffer,
  change: (bytes: Buffer, at: number) => void,
): Promise<void> {
  const bytes = await readFile(file)
  let found = 0
  for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1)) {
    change(bytes, at)
    found += 1
  }
  if (found === 0) throw new Error(`nothing to change in ${file}`)
  await writeFile(file, bytes)
}

function setBit(bytes: Buffer, bit: number, on: boolean): void {
  const mask = 0x80 >> (bit & 7)
  const before = bytes[bit >> 3] ?? 0
  bytes[bit >> 3] = on ? before | mask : before & ~mask
}
