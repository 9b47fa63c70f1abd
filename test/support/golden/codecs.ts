/** Every codec and container that people send, as Debian's ffmpeg writes them. */
import { h264 } from '../media.ts'
import type { GoldenInput } from './golden-test.ts'
import { drawPicture, type PictureOptions, TAGGED_709 } from './picture.ts'
import { writeVp6 } from './vp6.ts'

const SIZE = { width: 160, height: 120 } as const
const QUALITY = ['-q:v', '3'] as const

type Want = GoldenInput['want']

function input(
  title: string,
  name: string,
  args: readonly string[],
  want: Partial<Want> = {},
  options: Partial<PictureOptions> = {},
): GoldenInput {
  return {
    title,
    name,
    make: (file) => drawPicture(file, { seconds: 2, ...options }, ...TAGGED_709, ...args),
    want: { timeline: 'planned', ...SIZE, seconds: 2, frames: 50, frameRate: 25, ...want },
  }
}

export const HEVC = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error'] as const
export const VP9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'] as const
const AV1 = ['-c:v', 'libsvtav1', '-preset', '12', '-svtav1-params', 'lp=1'] as const
const MPEG2 = ['-c:v', 'mpeg2video', '-bf', '2', '-b:v', '1500k'] as const
const MPEG4 = ['-c:v', 'mpeg4', '-bf', '2', ...QUALITY] as const

const always = (row: GoldenInput): GoldenInput => ({ ...row, always: true })

export const CODECS: readonly GoldenInput[] = [
  input('H.264 and AAC in MP4', 'h264.mp4', [...h264(25), '-c:a', 'aac'], { timeline: 'measured' }),
  input('H.264 in 3GP', 'h264.3gp', [...h264(25), '-c:a', 'aac'], { timeline: 'measured' }),
  input(
    'H.264 in an M2TS of a camera',
    'h264.m2ts',
    [...h264(25), '-c:a', 'ac3', '-mpegts_m2ts_mode', '1', '-f', 'mpegts'],
    {
      timeline: 'measured',
      within: 0.2,
    },
  ),
  input('HEVC in MP4', 'hevc.mp4', [...HEVC, '-tag:v', 'hvc1', '-c:a', 'aac']),
  input('HEVC in a transport stream', 'hevc.ts', [...HEVC, '-c:a', 'mp2'], {
    within: 0.2,
    frames: undefined,
  }),
  input('AV1 and Opus in MP4', 'av1.mp4', [...AV1, '-c:a', 'libopus']),
  input('AV1 in WebM', 'av1.webm', [...AV1, '-c:a', 'libopus']),
  input('VP9 in WebM', 'vp9.webm', [...VP9, '-c:a', 'libopus']),
  input('VP9 in MP4', 'vp9.mp4', [...VP9, '-c:a', 'aac']),
  input('VP8 and Vorbis in WebM', 'vp8.webm', [
    '-c:v',
    'libvpx',
    '-deadline',
    'realtime',
    '-cpu-used',
    '8',
    '-c:a',
    'libvorbis',
  ]),
  input('MPEG-2 in a program stream', 'mpeg2.mpg', [...MPEG2, '-c:a', 'mp2', '-f', 'vob'], {
    within: 0.1,
    frames: undefined,
  }),
  input('MPEG-2 in a transport stream', 'mpeg2.ts', [...MPEG2, '-c:a', 'ac3'], {
    within: 0.1,
    frames: undefined,
  }),
  input('MPEG-2 and PCM in MXF', 'mpeg2.mxf', [...MPEG2, '-c:a', 'pcm_s16le']),
  input(
    'MPEG-1 in a program stream',
    'mpeg1.mpg',
    ['-c:v', 'mpeg1video', ...QUALITY, '-c:a', 'mp2', '-f', 'mpeg'],
    {
      within: 0.1,
      frames: undefined,
    },
  ),
  input('MPEG-4 ASP in AVI', 'xvid.avi', [...MPEG4, '-vtag', 'XVID', '-c:a', 'libmp3lame'], {
    within: 0.1,
    frames: undefined,
  }),
  input('MPEG-4 ASP in MP4', 'asp.mp4', [...MPEG4, '-c:a', 'aac']),
  input(
    'H.263 in 3GP',
    'h263.3gp',
    ['-c:v', 'h263', ...QUALITY, '-c:a', 'aac'],
    {
      width: 176,
      height: 144,
      // The standard's clock knows 29.97 and its parts alone.
      frames: undefined,
      frameRate: undefined,
    },
    { size: '176x144', rate: '30000/1001' },
  ),
  input('ProRes in MOV', 'prores.mov', [
    '-c:v',
    'prores_ks',
    '-profile:v',
    '3',
    '-pix_fmt',
    'yuv422p10le',
    '-c:a',
    'pcm_s24le',
  ]),
  input(
    'DNxHR in MOV',
    'dnxhr.mov',
    ['-c:v', 'dnxhd', '-profile:v', 'dnxhr_hq', '-pix_fmt', 'yuv422p', '-c:a', 'pcm_s16le'],
    {
      width: 320,
      height: 180,
    },
    { size: '320x180' },
  ),
  input('MJPEG in AVI', 'mjpeg.avi', [
    '-c:v',
    'mjpeg',
    '-pix_fmt',
    'yuvj420p',
    ...QUALITY,
    '-c:a',
    'pcm_s16le',
  ]),
  input('MJPEG in MOV', 'mjpeg.mov', [
    '-c:v',
    'mjpeg',
    '-pix_fmt',
    'yuvj420p',
    ...QUALITY,
    '-c:a',
    'pcm_s16le',
  ]),
  always(
    input(
      'an animated GIF',
      'moving.gif',
      [],
      { sound: false, tolerance: 40 },
      { mute: true, filters: 'format=rgb8' },
    ),
  ),
  input('Theora and Vorbis in Ogg', 'theora.ogv', ['-c:v', 'libtheora', '-q:v', '8', '-c:a', 'libvorbis']),
  input('WMV', 'windows.wmv', ['-c:v', 'wmv2', ...QUALITY, '-c:a', 'wmav2'], {
    within: 0.1,
    frames: undefined,
  }),
  input(
    'Sorenson H.263 in FLV',
    'sorenson.flv',
    ['-c:v', 'flv', ...QUALITY, '-ar', '22050', '-c:a', 'libmp3lame'],
    { within: 0.1, frames: undefined },
  ),
  input('FFV1 in Matroska', 'ffv1.mkv', ['-c:v', 'ffv1', '-c:a', 'flac']),
  input(
    'the QuickTime animation codec',
    'animation.mov',
    ['-c:v', 'qtrle', '-c:a', 'pcm_s16be'],
    {},
    { filters: 'format=rgb24' },
  ),
  input('uncompressed pictures in AVI', 'raw.avi', [
    '-c:v',
    'rawvideo',
    '-pix_fmt',
    'yuv420p',
    '-c:a',
    'pcm_s16le',
  ]),
  {
    title: 'VP6 in FLV',
    name: 'vp6.flv',
    always: true,
    make: writeVp6,
    want: {
      timeline: 'planned',
      ...SIZE,
      seconds: 2,
      frames: 50,
      frameRate: 25,
      sound: false,
      clock: null,
      corners: [],
      tolerance: 1,
    },
  },
]
