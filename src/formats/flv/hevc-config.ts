/**
 * HEVCDecoderConfigurationRecord: codec string, and the picture size from its sequence parameter set.
 * Spec: ISO/IEC 14496-15:2022 §8.3.2.1, annex E.3; ITU-T H.265 (08/2021) §7.3.2.2.1
 */
import { MalformedError } from '../bytes/malformed-error.ts'
import { BitReader, unescapeNalUnit } from './bit-reader.ts'

export interface HevcConfig {
  /** Such as "hvc1.1.6.L93.B0". */
  readonly codecString: string
  readonly width: number
  readonly height: number
}

const SPS = 33

/** Throws MalformedError. */
export function readHevcConfig(record: Uint8Array): HevcConfig {
  if (record.byteLength < 23 || record[0] !== 1) throw new MalformedError('no HEVC decoder configuration')
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  let at = 23
  for (let array = 0; array < (record[22] ?? 0) && at + 3 <= record.byteLength; array++) {
    const type = (record[at] ?? 0) & 0x3f
    const count = view.getUint16(at + 1)
    at += 3
    for (let i = 0; i < count && at + 2 <= record.byteLength; i++) {
      const length = view.getUint16(at)
      if (type === SPS) {
        return {
          codecString: codecString(record, view),
          ...readSize(unescapeNalUnit(record.subarray(at + 2, at + 2 + length))),
        }
      }
      at += 2 + length
    }
  }
  throw new MalformedError('an HEVC decoder configuration without sequence parameter set')
}

function codecString(record: Uint8Array, view: DataView): string {
  const general = record[1] ?? 0
  let compatible = view.getUint32(2)
  let reversed = 0
  for (let i = 0; i < 32; i++) {
    reversed = reversed * 2 + (compatible & 1)
    compatible >>>= 1
  }
  const constraints = [...record.subarray(6, 12)]
  while (constraints.length > 0 && constraints.at(-1) === 0) constraints.pop()
  const parts = [
    `${['', 'A', 'B', 'C'][general >> 6]}${general & 0x1f}`,
    reversed.toString(16).toUpperCase(),
    `${general & 0x20 ? 'H' : 'L'}${record[12]}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ]
  return `hvc1.${parts.join('.')}`
}

function readSize(sps: Uint8Array): { width: number; height: number } {
  const bits = new BitReader(sps)
  bits.skipBits(16 + 4)
  const subLayers = bits.readBits(3)
  bits.skipBits(1 + 88 + 8)
  const present: { profile: boolean; level: boolean }[] = []
  for (let i = 0; i < subLayers; i++) present.push({ profile: bits.readFlag(), level: bits.readFlag() })
  if (subLayers > 0) bits.skipBits(2 * (8 - subLayers))
  for (const layer of present) bits.skipBits((layer.profile ? 88 : 0) + (layer.level ? 8 : 0))
  bits.readUe()
  const chroma = bits.readUe()
  if (chroma === 3) bits.skipBits(1)
  let width = bits.readUe()
  let height = bits.readUe()
  if (bits.readFlag()) {
    const [left, right, top, bottom] = [bits.readUe(), bits.readUe(), bits.readUe(), bits.readUe()]
    width -= (left + right) * (chroma === 1 || chroma === 2 ? 2 : 1)
    height -= (top + bottom) * (chroma === 1 ? 2 : 1)
  }
  if (width <= 0 || height <= 0) throw new MalformedError(`HEVC picture of ${width}x${height}`)
  return { width, height }
}
