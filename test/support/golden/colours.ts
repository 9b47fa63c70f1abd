/** How colours may be stored: more bits, less subsampling, other matrices and ranges, more light than SDR has. */
import { HEVC, VP9 } from './codecs.ts'
import type { GoldenInput } from './golden-test.ts'
import { input } from './input.ts'
import { TAGGED_709 } from './picture.ts'

/**
 * The same picture as HDR, its white at 203 cd/m² as ITU-R BT.2408 has it: 58 % of PQ, 75 % of HLG. Brought
 * back to SDR everything but white has to be where it was, within what the tone curve bends: washed out or
 * dim it would be off by 30 and more.
 */
const toHdr = (transfer: string) =>
  `setparams=colorspace=gbr:color_primaries=bt709:color_trc=bt709:range=pc,zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt2020:t=${transfer}:m=bt2020nc:r=tv:npl=203,format=yuv420p10le`

const hdr = (
  title: string,
  name: string,
  transfer: string,
  tags: readonly string[],
  more: readonly string[] = [],
): GoldenInput =>
  input(
    `${title} (pain 31)`,
    name,
    [...tags, ...HEVC, ...more, '-pix_fmt', 'yuv420p10le', '-c:a', 'aac'],
    { tolerance: 16, clock: null },
    { filters: toHdr(transfer) },
  )

const BT2020 = (transfer: string): readonly string[] => [
  ...['-color_primaries', 'bt2020', '-color_trc', transfer, '-colorspace', 'bt2020nc'],
]

export const COLOURS: readonly GoldenInput[] = [
  { ...hdr('HDR10', 'hdr10.mp4', 'smpte2084', BT2020('smpte2084')), always: true },
  { ...hdr('HLG', 'hlg.mp4', 'arib-std-b67', BT2020('arib-std-b67')), always: true },
  hdr('HDR10 that does not say its primaries', 'half-said.mp4', 'smpte2084', ['-color_trc', 'smpte2084']),
  input('10-bit HEVC', 'ten.mkv', [...TAGGED_709, ...HEVC, '-pix_fmt', 'yuv420p10le', '-c:a', 'aac']),
  input('10-bit H.264', 'ten264.mp4', [
    ...TAGGED_709,
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-pix_fmt',
    'yuv420p10le',
    '-c:a',
    'aac',
  ]),
  input(
    'H.264 in 4:2:2',
    '422.mp4',
    [...TAGGED_709, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv422p', '-c:a', 'aac'],
    {},
    { filters: 'scale=out_color_matrix=bt709:out_range=tv,format=yuv422p' },
  ),
  input(
    'H.264 in 4:4:4',
    '444.mp4',
    [...TAGGED_709, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv444p', '-c:a', 'aac'],
    {},
    { filters: 'scale=out_color_matrix=bt709:out_range=tv,format=yuv444p' },
  ),
  input(
    'VP9 in 4:4:4',
    '444.webm',
    [...TAGGED_709, ...VP9, '-c:a', 'libopus'],
    {},
    { filters: 'scale=out_color_matrix=bt709:out_range=tv,format=yuv444p' },
  ),
  input(
    'RGB in H.264',
    'rgb.mkv',
    ['-c:v', 'libx264rgb', '-preset', 'ultrafast', '-c:a', 'aac'],
    {},
    { filters: 'format=rgb24' },
  ),
  input(
    'BT.601 that says so',
    '601.webm',
    [
      '-color_primaries',
      'smpte170m',
      '-color_trc',
      'smpte170m',
      '-colorspace',
      'smpte170m',
      ...VP9,
      '-c:a',
      'libopus',
    ],
    {},
    { filters: 'scale=out_color_matrix=smpte170m:out_range=tv,format=yuv420p' },
  ),
  input(
    'BT.601 that does not say so',
    'untagged.webm',
    [...VP9, '-c:a', 'libopus'],
    {},
    { filters: 'scale=out_color_matrix=smpte170m:out_range=tv,format=yuv420p' },
  ),
  input(
    'the full range of values',
    'full.webm',
    [...TAGGED_709, '-color_range', 'pc', ...VP9, '-c:a', 'libopus'],
    {},
    { filters: 'scale=out_color_matrix=bt709:out_range=pc,format=yuv420p' },
  ),
]
