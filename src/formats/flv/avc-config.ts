/**
 * AVCDecoderConfigurationRecord and the sequence parameter set in it: codec string, picture size, aspect, rate.
 * Spec: ISO/IEC 14496-15:2022 §5.3.3.1; ITU-T H.264 (08/2021) §7.3.2.1.1, §E.1.1; RFC 6381 §3.3
 */
import { MalformedError } from '../bytes/malformed-error.ts'
import { BitReader, unescapeNalUnit } from './bit-reader.ts'

export interface AvcConfig {
  /** Such as "avc1.64001f". */
  readonly codecString: string
  /** Cropped size in samples. */
  readonly width: number
  readonly height: number
  /** Sample aspect ratio, 1:1 when not given. */
  readonly aspect: { readonly num: number; readonly den: number }
  /** From the VUI's timing when it says so; undefined otherwise. */
  readonly frameRate: number | undefined
}

const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])
/** Spec: ITU-T H.264 (08/2021) table E-1. */
const ASPECTS = [
  [1, 1],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
] as const
const EXTENDED_SAR = 255

/** Throws MalformedError. */
export function readAvcConfig(record: Uint8Array): AvcConfig {
  const count = (record[5] ?? 0) & 0x1f
  const length = ((record[6] ?? 0) << 8) | (record[7] ?? 0)
  if (record[0] !== 1 || count === 0 || length < 4 || 8 + length > record.byteLength) {
    throw new MalformedError('no AVC decoder configuration')
  }
  const sps = record.subarray(8, 8 + length)
  const hex = [...sps.subarray(1, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return { codecString: `avc1.${hex}`, ...readSps(unescapeNalUnit(sps)) }
}

function readSps(sps: Uint8Array): Omit<AvcConfig, 'codecString'> {
  const bits = new BitReader(sps)
  bits.skipBits(8)
  const profile = bits.readBits(8)
  bits.skipBits(16)
  bits.readUe()
  let chroma = 1
  if (HIGH_PROFILES.has(profile)) {
    chroma = bits.readUe()
    if (chroma === 3) bits.skipBits(1)
    bits.readUe()
    bits.readUe()
    bits.skipBits(1)
    const hasScalingMatrix = bits.readFlag()
    const lists = hasScalingMatrix ? (chroma === 3 ? 12 : 8) : 0
    for (let i = 0; i < lists; i++) {
      if (bits.readFlag()) skipScalingList(bits, i < 6 ? 16 : 64)
    }
  }
  bits.readUe()
  const orderType = bits.readUe()
  if (orderType === 0) bits.readUe()
  else if (orderType === 1) {
    bits.skipBits(1)
    bits.readSe()
    bits.readSe()
    const cycle = bits.readUe()
    for (let i = 0; i < cycle; i++) bits.readSe()
  }
  bits.readUe()
  bits.skipBits(1)
  const widthMbs = bits.readUe() + 1
  const heightUnits = bits.readUe() + 1
  const framesOnly = bits.readBit()
  if (!framesOnly) bits.skipBits(1)
  bits.skipBits(1)
  const crop = { left: 0, right: 0, top: 0, bottom: 0 }
  if (bits.readFlag()) {
    crop.left = bits.readUe()
    crop.right = bits.readUe()
    crop.top = bits.readUe()
    crop.bottom = bits.readUe()
  }
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1
  const unitY = (chroma === 1 ? 2 : 1) * (2 - framesOnly)
  const width = widthMbs * 16 - (crop.left + crop.right) * unitX
  const height = (2 - framesOnly) * heightUnits * 16 - (crop.top + crop.bottom) * unitY
  if (width <= 0 || height <= 0) throw new MalformedError(`AVC picture of ${width}x${height}`)
  return {
    width,
    height,
    ...(bits.readFlag() ? readVui(bits) : { aspect: { num: 1, den: 1 }, frameRate: undefined }),
  }
}

function readVui(bits: BitReader): Pick<AvcConfig, 'aspect' | 'frameRate'> {
  let aspect = { num: 1, den: 1 }
  if (bits.readFlag()) {
    const index = bits.readBits(8)
    const [num, den] =
      index === EXTENDED_SAR ? [bits.readBits(16), bits.readBits(16)] : (ASPECTS[index] ?? [1, 1])
    if (num > 0 && den > 0) aspect = { num, den }
  }
  if (bits.readFlag()) bits.skipBits(1)
  if (bits.readFlag()) {
    bits.skipBits(4)
    if (bits.readFlag()) bits.skipBits(24)
  }
  if (bits.readFlag()) {
    bits.readUe()
    bits.readUe()
  }
  let frameRate: number | undefined
  if (bits.readFlag()) {
    const unitsInTick = bits.readBits(32)
    const timescale = bits.readBits(32)
    // Two ticks a frame: a tick is a field. Without fixed_frame_rate_flag it is still what encoders mean.
    const rate = unitsInTick > 0 ? timescale / unitsInTick / 2 : 0
    if (rate >= 1 && rate <= 300) frameRate = rate
  }
  return { aspect, frameRate }
}

function skipScalingList(bits: BitReader, size: number): void {
  let last = 8
  let next = 8
  for (let i = 0; i < size; i++) {
    if (next !== 0) next = (last + bits.readSe() + 256) % 256
    last = next === 0 ? last : next
  }
}
