/**
 * What a video encoder is told for one rung. Pure. Whatever encodes, chunks join without a seam because
 * the same is asked of it each time: keyframes where segments begin and nowhere else, closed groups of
 * pictures, one decoder configuration whatever the number of threads.
 *
 * A rung in H.264 may be encoded by hardware. What it makes must be continued by software when it fails,
 * so software can put its parameter sets beside the hardware's, under an identifier of their own
 * (packaging/joined-config.ts).
 */
import type { Rung } from '../ladder.ts'

export const HARDWARE_KINDS = ['nvenc', 'vaapi', 'qsv', 'videotoolbox'] as const
export type HardwareKind = (typeof HARDWARE_KINDS)[number]

export interface HardwareEncoder {
  readonly kind: HardwareKind
  /** Such as /dev/dri/renderD128; VAAPI only. */
  readonly device?: string
}

/** Who encodes a rung. */
export type RungEncoder =
  /** `besideHardware`: under the identifier that hardware does not use. */
  | { readonly by: 'software'; readonly besideHardware?: boolean }
  | { readonly by: 'hardware'; readonly hardware: HardwareEncoder }

export const SOFTWARE: RungEncoder = { by: 'software' }
/** Hardware counts from 0 and cannot be told otherwise. */
export const SOFTWARE_BESIDE_HARDWARE: RungEncoder = { by: 'software', besideHardware: true }
const BESIDE_HARDWARE_ID = 1

/** Longer than any chunk: no keyframe comes by itself. */
const NO_KEYFRAMES_OF_ITS_OWN = '100000'

/** `-c:v` and everything that belongs to it. */
export function encoderOptions(rung: Rung, encoder: RungEncoder, threads: number): readonly string[] {
  if (encoder.by === 'hardware') return [...hardwareOptions(rung, encoder.hardware), ...KEYFRAMES, ...BT709]
  switch (rung.codec ?? 'h264') {
    case 'h264':
      return [...x264(rung, threads, encoder.besideHardware === true), ...BT709]
    case 'hevc':
      return [...x265(rung, threads), ...BT709]
    case 'av1':
      return [...aom(rung, threads), ...BT709]
  }
}

/** Behind the scaled picture, what the encoder wants it to become. */
export function uploadFilter(encoder: RungEncoder): string {
  return encoder.by === 'hardware' && encoder.hardware.kind === 'vaapi' ? ',format=nv12,hwupload' : ''
}

/** Before the first input, or instead of one. */
export function deviceOptions(hardware: HardwareEncoder | undefined): readonly string[] {
  switch (hardware?.kind) {
    case 'vaapi':
      return ['-init_hw_device', `vaapi=hw:${hardware.device ?? ''}`, '-filter_hw_device', 'hw']
    case 'qsv':
      return ['-init_hw_device', 'qsv=hw', '-filter_hw_device', 'hw']
    default:
      return []
  }
}

/** Keyframes exactly where they are asked for. */
const KEYFRAMES = ['-g', NO_KEYFRAMES_OF_ITS_OWN, '-keyint_min', '1', '-sc_threshold', '0'] as const
const BT709 = [
  ...['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709'],
  ...['-color_range', 'tv'],
] as const

function capped(rung: Rung): readonly string[] {
  return ['-maxrate', `${rung.maxrate}`, '-bufsize', `${rung.bufsize}`]
}

function x264(rung: Rung, threads: number, besideHardware: boolean): readonly string[] {
  return [
    ...['-c:v', 'libx264', '-preset', rung.preset, '-threads', `${threads}`],
    ...['-crf', `${rung.crf}`, ...capped(rung)],
    ...['-profile:v', rung.profile, '-level:v', rung.level, '-pix_fmt', 'yuv420p'],
    ...KEYFRAMES,
    ...['-forced-idr', '1'],
    ...['-x264-params', besideHardware ? `open-gop=0:sps-id=${BESIDE_HARDWARE_ID}` : 'open-gop=0'],
  ]
}

/** Without wavefronts, which it leaves out by itself when it has one thread: the configuration says so. */
function x265(rung: Rung, threads: number): readonly string[] {
  const params = [
    `level-idc=${rung.level}:high-tier=0:open-gop=0:scenecut=0`,
    `keyint=${NO_KEYFRAMES_OF_ITS_OWN}:min-keyint=1:info=0:repeat-headers=0:wpp=0`,
    `pools=${Math.max(1, threads)}:frame-threads=${Math.min(4, Math.max(1, threads))}:log-level=error`,
  ]
  return [
    ...['-c:v', 'libx265', '-preset', rung.preset, '-threads', `${threads}`],
    ...['-crf', `${rung.crf}`, ...capped(rung)],
    ...['-profile:v', rung.profile, '-pix_fmt', 'yuv420p', '-tag:v', 'hvc1'],
    ...['-forced-idr', '1', '-x265-params', params.join(':')],
  ]
}

/** SVT-AV1 pays no heed to keyframes that are asked for (1.4, with FFmpeg 5.1). */
function aom(rung: Rung, threads: number): readonly string[] {
  return [
    ...['-c:v', 'libaom-av1', '-usage', 'realtime', '-cpu-used', rung.preset, '-row-mt', '1'],
    ...['-threads', `${threads}`, '-crf', `${rung.crf}`, '-b:v', `${rung.averageBandwidth}`],
    ...[...capped(rung), '-pix_fmt', 'yuv420p', '-g', NO_KEYFRAMES_OF_ITS_OWN],
  ]
}

/** No B-frames: not every generation has them, and whether they are used must not depend on the machine. */
function hardwareOptions(rung: Rung, { kind }: HardwareEncoder): readonly string[] {
  const rates = ['-b:v', `${rung.averageBandwidth}`, ...capped(rung)]
  const profile = ['-profile:v', rung.profile, '-bf', '0']
  const levelNumber = `${Math.round(Number(rung.level) * 10)}`
  switch (kind) {
    case 'nvenc':
      return [
        ...['-c:v', 'h264_nvenc', '-preset', 'p4', '-rc', 'vbr', '-cq', `${rung.crf}`, '-b:v', '0'],
        ...[...capped(rung), ...profile, '-level:v', rung.level, '-pix_fmt', 'yuv420p'],
        ...['-forced-idr', '1', '-no-scenecut', '1'],
      ]
    case 'vaapi':
      return ['-c:v', 'h264_vaapi', '-rc_mode', 'VBR', ...rates, ...profile, '-level:v', levelNumber]
    case 'qsv':
      return [
        ...['-c:v', 'h264_qsv', '-preset', 'medium', ...rates, ...profile, '-level:v', levelNumber],
        ...['-pix_fmt', 'nv12', '-forced_idr', '1', '-look_ahead', '0'],
      ]
    case 'videotoolbox':
      return [
        ...['-c:v', 'h264_videotoolbox', ...rates, ...profile, '-level:v', rung.level],
        ...['-pix_fmt', 'nv12', '-allow_sw', '0', '-realtime', '0'],
      ]
  }
}
