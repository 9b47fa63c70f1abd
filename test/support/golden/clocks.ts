/** How a file may tell time: unevenly, wrongly, not at all, with edits, with holes. */
import { ffmpeg } from '../ffmpeg.ts'
import { h264 } from '../media.ts'
import { VP9 } from './codecs.ts'
import type { GoldenInput } from './golden-test.ts'
import { BT709, drawPicture, TAGGED_709 } from './picture.ts'

const WANT: GoldenInput['want'] = { timeline: 'planned', width: 160, height: 120, seconds: 2 }
/** Of 50 a second what a screen recorder leaves when nothing moves, and a phone when it is dark. */
const UNEVEN = "select='not(between(t,0.5,1.2))*not(eq(mod(n,7),3))+not(mod(n,10))'"

export const CLOCKS: readonly GoldenInput[] = [
  {
    title: 'a variable frame rate of a screen recording (pain 30)',
    name: 'screen.webm',
    always: true,
    make: (file) =>
      drawPicture(
        file,
        { seconds: 4, rate: 50, filters: `${BT709},${UNEVEN}` },
        '-fps_mode',
        'vfr',
        ...TAGGED_709,
        ...VP9,
        '-c:a',
        'libopus',
      ),
    want: { ...WANT, seconds: 4, within: 0.1 },
  },
  {
    title: 'a variable frame rate of a phone, copied as it is (pain 30)',
    name: 'phone.mp4',
    make: (file) =>
      drawPicture(
        file,
        { seconds: 4, rate: 60, filters: `${BT709},${UNEVEN}` },
        '-fps_mode',
        'vfr',
        '-video_track_timescale',
        '90000',
        ...TAGGED_709,
        ...h264(30, 1),
        '-c:a',
        'aac',
      ),
    want: { ...WANT, timeline: 'measured', seconds: 4, within: 0.2 },
  },
  {
    title: 'a single picture with sound (pain 30)',
    name: 'still.mkv',
    always: true,
    make: async (file) => {
      await drawPicture(
        `${file}.v.mkv`,
        { seconds: 1, rate: 1, mute: true },
        ...TAGGED_709,
        ...VP9,
        '-frames:v',
        '1',
      )
      await ffmpeg(
        '-i',
        `${file}.v.mkv`,
        '-f',
        'lavfi',
        '-i',
        'sine=440:r=48000:d=12',
        '-map',
        '0:v',
        '-map',
        '1:a',
        '-c:v',
        'copy',
        '-c:a',
        'libopus',
        file,
      )
    },
    want: { ...WANT, seconds: 12, within: 0.1, clock: [0, 0] },
  },
  {
    title: 'a single picture in H.264 with sound (pain 30)',
    name: 'still.mp4',
    make: async (file) => {
      await drawPicture(
        `${file}.v.mp4`,
        { seconds: 1, rate: 1, mute: true },
        ...TAGGED_709,
        ...h264(25),
        '-frames:v',
        '1',
      )
      await ffmpeg(
        '-i',
        `${file}.v.mp4`,
        '-f',
        'lavfi',
        '-i',
        'sine=440:r=48000:d=40',
        '-map',
        '0:v',
        '-map',
        '1:a',
        '-c:v',
        'copy',
        '-c:a',
        'aac',
        file,
      )
    },
    want: { ...WANT, seconds: 40, within: 0.1, clock: [0, 0] },
  },
  {
    title: 'one picture a second',
    name: 'slides.webm',
    make: (file) => drawPicture(file, { seconds: 8, rate: 1 }, ...TAGGED_709, ...VP9, '-c:a', 'libopus'),
    want: { ...WANT, seconds: 8, within: 0.2, clock: null },
  },
  {
    title: 'a picture every twenty seconds',
    name: 'slower.webm',
    make: (file) => drawPicture(file, { seconds: 80, rate: '1/20', mute: true }, ...TAGGED_709, ...VP9),
    want: { ...WANT, seconds: 80, within: 21, clock: null, sound: false },
  },
  {
    title: '240 pictures a second',
    name: 'slow-motion.mkv',
    make: (file) => drawPicture(file, { seconds: 2, rate: 240 }, ...TAGGED_709, ...VP9, '-c:a', 'libopus'),
    want: { ...WANT, frameRate: 60 },
  },
  {
    title: 'H.264 of 240 pictures a second',
    name: 'slow-motion.mp4',
    make: (file) =>
      drawPicture(file, { seconds: 2, rate: 240 }, ...TAGGED_709, ...h264(240, 1), '-c:a', 'aac'),
    want: { ...WANT, timeline: 'measured' },
  },
  {
    title: 'no duration, as a pipe leaves it',
    name: 'endless.webm',
    make: (file) => drawPicture(file, { seconds: 2 }, ...TAGGED_709, ...VP9, '-c:a', 'libopus', '-live', '1'),
    want: { ...WANT, frames: 50 },
  },
  {
    title: 'a duration that is far too long',
    name: 'boasts.mkv',
    make: async (file) => {
      await drawPicture(file, { seconds: 2 }, ...TAGGED_709, ...VP9, '-c:a', 'libopus')
      await claimSeconds(file, 7200)
    },
    want: { ...WANT, frames: 50, note: /says it lasts 7200 s but ends after 2 s/ },
  },
  {
    title: 'a duration that is too short',
    name: 'modest.mkv',
    make: async (file) => {
      await drawPicture(file, { seconds: 2 }, ...TAGGED_709, ...VP9, '-c:a', 'libopus')
      await claimSeconds(file, 0.5)
    },
    want: { ...WANT, frames: 50 },
  },
  {
    title: 'a start long after zero',
    name: 'late.ts',
    make: (file) =>
      drawPicture(
        file,
        { seconds: 2 },
        ...TAGGED_709,
        '-c:v',
        'mpeg2video',
        '-b:v',
        '2M',
        '-c:a',
        'mp2',
        '-output_ts_offset',
        '40000',
      ),
    want: { ...WANT, within: 0.1 },
  },
  {
    title: 'an edit list that hides the beginning',
    name: 'edited.mp4',
    always: true,
    make: async (file) => {
      await drawPicture(`${file}.whole.mp4`, { seconds: 4 }, ...TAGGED_709, ...h264(25, 10), '-c:a', 'aac')
      // Not at a keyframe: what lies before is in the file and is not to be shown.
      await ffmpeg('-ss', '2', '-i', `${file}.whole.mp4`, '-c', 'copy', file)
    },
    want: { ...WANT, timeline: 'planned', within: 0.1, clock: [0.5, 1] },
  },
  {
    title: 'an edit list in a file that is encoded',
    name: 'edited-asp.mp4',
    make: async (file) => {
      await drawPicture(
        `${file}.whole.mp4`,
        { seconds: 4 },
        ...TAGGED_709,
        '-c:v',
        'mpeg4',
        '-q:v',
        '3',
        '-g',
        '100',
        '-c:a',
        'aac',
      )
      await ffmpeg('-ss', '2', '-i', `${file}.whole.mp4`, '-c', 'copy', file)
    },
    want: { ...WANT, within: 0.1, clock: [0.5, 1] },
  },
  {
    title: 'a hole of a minute',
    name: 'hole.mkv',
    make: (file) =>
      drawPicture(
        file,
        { seconds: 4, filters: `${BT709},setpts=PTS+gte(N\\,50)*60/TB`, mute: true },
        '-fps_mode',
        'passthrough',
        ...TAGGED_709,
        ...VP9,
      ),
    want: { ...WANT, seconds: 64, within: 0.2, clock: null, sound: false },
  },
  {
    title: 'H.264 with a hole of a minute',
    name: 'hole.mp4',
    make: (file) =>
      drawPicture(
        file,
        { seconds: 4, filters: `${BT709},setpts=PTS+gte(N\\,50)*60/TB`, mute: true },
        '-fps_mode',
        'passthrough',
        ...TAGGED_709,
        ...h264(25, 1),
      ),
    want: { ...WANT, seconds: 64, within: 0.2, clock: null, sound: false },
  },
]

/** Writes another Duration (0x4489, a float of 8 bytes) into a Matroska file of ffmpeg; its unit is the millisecond. */
async function claimSeconds(file: string, seconds: number): Promise<void> {
  const { readFile, writeFile } = await import('node:fs/promises')
  const bytes = await readFile(file)
  const at = bytes.indexOf(Buffer.from([0x44, 0x89, 0x88]))
  if (at < 0) throw new Error('no duration')
  bytes.writeDoubleBE(seconds * 1000, at + 3)
  await writeFile(file, bytes)
}
