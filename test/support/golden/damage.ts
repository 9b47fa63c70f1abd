/** Files that lost something: as much as can be saved plays, and the note says what is missing. */
import { readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { ffmpeg } from '../ffmpeg.ts'
import { h264 } from '../media.ts'
import { VP9 } from './codecs.ts'
import type { GoldenInput } from './golden-test.ts'
import { drawPicture, TAGGED_709 } from './picture.ts'

type Want = GoldenInput['want']
const WANT: Want = { timeline: 'planned', width: 160, height: 120, seconds: 2 }
const SOURCE = { seconds: 6 }
const X264 = [...TAGGED_709, ...h264(25, 1), '-c:a', 'aac'] as const
const MPEG2 = [...TAGGED_709, '-c:v', 'mpeg2video', '-b:v', '1M', '-g', '12', '-c:a', 'mp2'] as const

/** Cuts off a file that was drawn after a share of its bytes. */
function cut(
  title: string,
  name: string,
  args: readonly string[],
  share: number,
  want: Partial<Want>,
  extraBytes = 0,
): GoldenInput {
  return {
    title: `${title}, cut off`,
    name,
    make: async (file) => {
      await drawPicture(file, SOURCE, ...args)
      await truncate(file, Math.round((await stat(file)).size * share) + extraBytes)
    },
    // The pictures cost little and the sound much, so bytes are about time.
    want: { ...WANT, seconds: 6 * share, within: 1.4, clock: [0, share], ...want },
  }
}

/** Overwrites bytes in the middle with others that mean nothing, always the same. */
function scrambled(
  title: string,
  name: string,
  args: readonly string[],
  want: Partial<Want>,
  from = 0.45,
  to = 0.5,
): GoldenInput {
  return {
    title: `${title}, damaged in the middle`,
    name,
    make: async (file) => {
      await drawPicture(file, SOURCE, ...args)
      const bytes = await readFile(file)
      let state = 7
      for (let at = Math.round(bytes.byteLength * from); at < bytes.byteLength * to; at++) {
        state = (state * 1_103_515_245 + 12_345) & 0x7fffffff
        bytes[at] = state >> 16
      }
      await writeFile(file, bytes)
    },
    want: { ...WANT, seconds: 6, within: 0.7, tolerance: 256, clock: null, ...want },
  }
}

export const DAMAGE: readonly GoldenInput[] = [
  {
    ...cut(
      'an MP4 with its table of contents in front',
      'cut.mp4',
      [...X264, '-movflags', '+faststart'],
      0.6,
      { timeline: 'measured', note: /says it lasts 6 s but ends after \d s/ },
    ),
    always: true,
  },
  cut('an MP4 in fragments', 'cut-fragments.mp4', [...X264, '-movflags', '+frag_keyframe+empty_moov'], 0.6, {
    timeline: 'measured',
  }),
  cut('a Matroska', 'cut264.mkv', X264, 0.6, { timeline: 'measured', note: /says it lasts 6 s/ }),
  cut('a WebM', 'cut.webm', [...TAGGED_709, ...VP9, '-g', '25', '-c:a', 'libopus'], 0.6, {
    note: /says it lasts 6 s/,
  }),
  cut('a transport stream', 'cut.ts', MPEG2, 0.5, {}),
  cut('a transport stream within a packet', 'cut-odd.ts', MPEG2, 0.5, {}, 77),
  cut('a transport stream within a sync byte', 'cut-sync.ts', MPEG2, 0.5, {}, 1),
  cut('an H.264 transport stream', 'cut264.ts', X264, 0.5, { timeline: 'measured' }, 101),
  cut('an FLV', 'cut.flv', X264, 0.6, { timeline: 'measured', note: /says it lasts 6 s/ }),
  cut(
    'an AVI',
    'cut.avi',
    [...TAGGED_709, '-c:v', 'mpeg4', '-q:v', '3', '-g', '25', '-c:a', 'libmp3lame'],
    0.6,
    {},
  ),
  cut(
    'an Ogg',
    'cut.ogv',
    [...TAGGED_709, '-c:v', 'libtheora', '-q:v', '8', '-g', '25', '-c:a', 'libvorbis'],
    0.6,
    {},
  ),
  scrambled('a transport stream', 'hurt.ts', MPEG2, {}),
  scrambled('an H.264 transport stream', 'hurt264.ts', X264, {}),
  scrambled('a Matroska', 'hurt.mkv', X264, {
    note: /damaged in places.*Pictures are missing: 1\.\d s at [23] s/,
  }),
  scrambled('a WebM', 'hurt.webm', [...TAGGED_709, ...VP9, '-g', '25', '-c:a', 'libopus'], {
    note: /damaged in places/,
  }),
  scrambled('an MP4', 'hurt.mp4', [...X264, '-movflags', '+faststart'], { timeline: 'measured' }),
  scrambled('an FLV', 'hurt.flv', X264, { note: /damaged in places/ }),
  {
    title: 'a transport stream of which whole stretches are missing',
    name: 'holes.ts',
    make: async (file) => {
      await drawPicture(file, SOURCE, ...X264)
      const bytes = await readFile(file)
      const packets = Math.floor(bytes.byteLength / 188)
      const kept = (from: number, to: number) =>
        bytes.subarray(Math.round(packets * from) * 188, Math.round(packets * to) * 188)
      await writeFile(file, Buffer.concat([kept(0, 0.3), kept(0.4, 0.7), kept(0.8, 1)]))
    },
    want: { ...WANT, timeline: 'measured', seconds: 6, within: 0.7, tolerance: 256, clock: null },
  },
  {
    title: 'an MP4 in fragments, one of which is missing',
    name: 'lost-fragment.mp4',
    make: async (file) => {
      await drawPicture(
        `${file}.whole.mp4`,
        SOURCE,
        ...X264,
        '-movflags',
        '+frag_keyframe+empty_moov+default_base_moof',
      )
      const bytes = await readFile(`${file}.whole.mp4`)
      const starts = [...bytes.toString('latin1').matchAll(/....moof/gs)].map(({ index }) => index)
      const [third = 0, fourth = 0] = starts.slice(2)
      await writeFile(file, Buffer.concat([bytes.subarray(0, third), bytes.subarray(fourth)]))
    },
    want: { ...WANT, timeline: 'measured', seconds: 6, within: 0.3, tolerance: 256, clock: null },
  },
  {
    title: 'an MP4 whose index of chunks points beyond the file',
    name: 'beyond.mp4',
    make: async (file) => {
      await drawPicture(`${file}.whole.mp4`, SOURCE, ...X264)
      await ffmpeg('-i', `${file}.whole.mp4`, '-c', 'copy', '-movflags', '+faststart', file)
      await truncate(file, Math.round((await stat(file)).size * 0.5))
    },
    want: {
      ...WANT,
      timeline: 'measured',
      seconds: 3,
      within: 1.4,
      clock: [0, 0.5],
      note: /says it lasts 6 s/,
    },
  },
]
