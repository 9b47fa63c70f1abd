/** How a picture may be stored: turned, squeezed, odd in size, in two fields, in other colours. */
import { ffmpeg } from '../ffmpeg.ts'
import { h264 } from '../media.ts'
import { HEVC, VP9 } from './codecs.ts'
import type { GoldenInput } from './golden-test.ts'
import { input, WANT } from './input.ts'
import { BLUE, BT709, drawPicture, GREEN, LIGHT, RED, TAGGED_709 } from './picture.ts'

/** As a phone does it: the pictures lie as the sensor saw them, and a matrix says how to turn them. */
function turned(degrees: 90 | 180 | 270, mirrored: boolean, encoder: 'h264' | 'hevc'): GoldenInput {
  const name = `${encoder}-${degrees}${mirrored ? '-mirrored' : ''}.mp4`
  const upright = degrees === 180
  // Clockwise, of the matrix; then left and right are exchanged.
  const corners = {
    90: [BLUE, RED, LIGHT, GREEN],
    180: [LIGHT, BLUE, GREEN, RED],
    270: [GREEN, LIGHT, RED, BLUE],
  }[degrees]
  const [a = RED, b = RED, c = RED, d = RED] = corners
  return {
    title: `${encoder === 'h264' ? 'H.264' : 'HEVC'} turned by ${degrees} degrees${mirrored ? ' and mirrored' : ''}`,
    name,
    make: async (file) => {
      const flat = `${file}.flat.mp4`
      await drawPicture(
        flat,
        { seconds: 2 },
        ...TAGGED_709,
        ...(encoder === 'h264' ? h264(25) : HEVC),
        '-c:a',
        'aac',
      )
      await writeTurned(flat, file, degrees, mirrored)
    },
    want: {
      ...WANT,
      timeline: encoder === 'h264' && !mirrored ? 'measured' : 'planned',
      ...(upright ? {} : { width: 120, height: 160 }),
      corners: mirrored ? [b, a, d, c] : corners,
    },
  }
}

/** Copies an MP4 and writes the matrix into its track header (ISO/IEC 14496-12 §8.3.2). */
async function writeTurned(
  flat: string,
  file: string,
  degrees: 90 | 180 | 270,
  mirrored: boolean,
): Promise<void> {
  const { readFile, writeFile } = await import('node:fs/promises')
  const bytes = await readFile(flat)
  const tkhd = bytes.indexOf('tkhd', 0, 'latin1')
  // Behind the type: version and flags, two times, track, reserved, duration, 8 reserved, layer, group, volume, reserved.
  const matrix = tkhd + 4 + 4 + 20 + 8 + 8
  const [a, b, c, d] = { 90: [0, 1, -1, 0], 180: [-1, 0, 0, -1], 270: [0, -1, 1, 0] }[degrees] as [
    number,
    number,
    number,
    number,
  ]
  const sign = mirrored ? -1 : 1
  const put = (index: number, value: number) => bytes.writeInt32BE(value * 0x10000, matrix + index * 4)
  // A point's new x is a·x + c·y, its new y is b·x + d·y; mirrored: x changes its sign.
  put(0, sign * a)
  put(1, b)
  put(3, sign * c)
  put(4, d)
  await writeFile(file, bytes)
}

const interlaced = (field: 'tff' | 'bff', name: string, codec: readonly string[]): GoldenInput =>
  input(
    `interlaced, ${field === 'tff' ? 'top' : 'bottom'} field first`,
    name,
    [...TAGGED_709, '-flags', '+ildct+ilme', '-top', field === 'tff' ? '1' : '0', ...codec],
    { frameRate: 25, within: 0.1, frames: undefined },
    {
      rate: 50,
      filters: `${BT709},tinterlace=${field === 'tff' ? 'interleave_top' : 'interleave_bottom'},fieldorder=${field}`,
    },
  )

export const PICTURES: readonly GoldenInput[] = [
  turned(90, false, 'hevc'),
  turned(180, false, 'hevc'),
  turned(270, false, 'hevc'),
  { ...turned(90, true, 'hevc'), always: true },
  turned(270, true, 'hevc'),
  turned(270, false, 'h264'),
  turned(180, false, 'h264'),
  turned(90, true, 'h264'),
  { ...interlaced('tff', 'tff.ts', ['-c:v', 'mpeg2video', '-b:v', '2M', '-c:a', 'mp2']), always: true },
  interlaced('bff', 'bff.mpg', ['-c:v', 'mpeg2video', '-b:v', '2M', '-c:a', 'mp2', '-f', 'vob']),
  interlaced('tff', 'tff264.mp4', [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-x264-params',
    'tff=1',
    '-c:a',
    'aac',
  ]),
  interlaced('bff', 'bff264.mkv', [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-x264-params',
    'bff=1',
    '-c:a',
    'aac',
  ]),
  input(
    'anamorphic pixels',
    'wide.mkv',
    [...TAGGED_709, ...HEVC, '-c:a', 'aac'],
    { width: 213, height: 120 },
    { filters: `${BT709},setsar=4/3` },
  ),
  input(
    'tall pixels',
    'tall.mkv',
    [...TAGGED_709, ...HEVC, '-c:a', 'aac'],
    { width: 80, height: 120 },
    { filters: `${BT709},setsar=1/2` },
  ),
  input(
    'anamorphic pixels in H.264',
    'wide264.mp4',
    [...TAGGED_709, ...h264(25), '-c:a', 'aac'],
    { timeline: 'measured', width: 213, height: 120 },
    { filters: `${BT709},setsar=4/3` },
  ),
  {
    ...input(
      'odd width and height',
      'odd.webm',
      [...TAGGED_709, ...VP9, '-c:a', 'libopus'],
      { width: 175, height: 99 },
      { size: '175x99' },
    ),
    always: true,
  },
  input(
    'a tiny picture',
    'tiny.webm',
    [...TAGGED_709, ...VP9, '-an'],
    { width: 16, height: 16, sound: false, corners: [RED, GREEN, BLUE, LIGHT], tolerance: 90, clock: null },
    { size: '16x16' },
  ),
  input(
    'a very wide picture',
    'banner.webm',
    [...TAGGED_709, ...VP9, '-an'],
    { width: 640, height: 32, sound: false },
    { size: '640x32' },
  ),
  input('no sound', 'mute.webm', [...TAGGED_709, ...VP9], { sound: false }, { mute: true }),
  {
    title: 'a cover picture beside the video',
    name: 'cover.mkv',
    make: async (file) => {
      await drawPicture(`${file}.v.mkv`, { seconds: 2 }, ...TAGGED_709, ...VP9, '-c:a', 'libopus')
      await ffmpeg('-f', 'lavfi', '-i', 'color=red:s=64x64:d=0.04', '-frames:v', '1', `${file}.png`)
      await ffmpeg(
        '-i',
        `${file}.v.mkv`,
        '-c',
        'copy',
        '-attach',
        `${file}.png`,
        '-metadata:s:t',
        'mimetype=image/png',
        file,
      )
    },
    want: { ...WANT, frames: undefined },
  },
]
