/**
 * One H.264 decoder configuration for two encoders: what hardware makes can be continued by software when
 * it fails, under one init, since a configuration may hold several parameter sets and each picture names its
 * own. Their identifiers have to differ.
 *
 *     AVCDecoderConfigurationRecord
 *     u8 version  u8 profile  u8 compatibility  u8 level  u8 111111 lengthSize-1:2
 *     u8 111 count:5  { u16 length, sequence parameter set }
 *     u8 count        { u16 length, picture parameter set }
 *     …               chroma format and bit depths, for High and above
 *
 * Spec: ISO/IEC 14496-15:2022 §5.3.3.1; ITU-T H.264 (08/2021) §7.3.2.1.1, §7.3.2.2
 */
import { BitReader, unescapeNalUnit } from '../formats/flv/bit-reader.ts'
import { AppError } from '../kernel/errors.ts'

interface AvcRecord {
  /** Version to length size. */
  readonly head: Uint8Array
  readonly sequence: readonly Uint8Array[]
  readonly picture: readonly Uint8Array[]
  readonly tail: Uint8Array
}

const HEAD_BYTES = 5
const COUNT_MASK = 0x1f
const RESERVED = 0xe0

/** `hardware` first: its profile and level stand for both. Throws AppError `encode-failed` when they claim one identifier. */
export function joinAvcConfigs(hardware: Uint8Array, software: Uint8Array): Uint8Array {
  const [a, b] = [readRecord(hardware), readRecord(software)]
  const clash = idsOf(a).some((id) => idsOf(b).includes(id))
  if (clash || !a.head.subarray(4).every((byte, i) => byte === b.head[4 + i]))
    throw new AppError('encode-failed', 'The hardware encoder’s stream cannot be continued by software.')
  const sets = (list: readonly Uint8Array[]) =>
    list.flatMap((set) => [Uint8Array.of(set.byteLength >> 8, set.byteLength & 0xff), set])
  const sequence = [...a.sequence, ...b.sequence]
  const picture = [...a.picture, ...b.picture]
  return Buffer.concat([
    ...[a.head, Uint8Array.of(RESERVED | sequence.length), ...sets(sequence)],
    ...[Uint8Array.of(picture.length), ...sets(picture), a.tail],
  ])
}

/** The H.264 configuration of an init segment; undefined when it is of another codec. */
export function avcConfigOf(init: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(init.buffer, init.byteOffset, init.byteLength)
  const at = bytes.indexOf('avcC')
  return at < 4 ? undefined : bytes.subarray(at + 4, at - 4 + bytes.readUInt32BE(at - 4))
}

/** Two encoders may go on with this init, each under its own identifier. */
export function hasTwoConfigs(init: Uint8Array): boolean {
  const config = avcConfigOf(init)
  return config !== undefined && readRecord(config).sequence.length > 1
}

/** Whether what was made with `init` is decoded with `standing`: it is the same, or all of its parameter sets are there. */
export function decodesWith(standing: Uint8Array, init: Uint8Array): boolean {
  if (Buffer.compare(standing, init) === 0) return true
  const [there, own] = [avcConfigOf(standing), avcConfigOf(init)]
  if (!there || !own) return false
  const [a, b] = [readRecord(there), readRecord(own)]
  const holds = (list: readonly Uint8Array[], set: Uint8Array) =>
    list.some((of) => Buffer.compare(of, set) === 0)
  return b.sequence.every((set) => holds(a.sequence, set)) && b.picture.every((set) => holds(a.picture, set))
}

function readRecord(record: Uint8Array): AvcRecord {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  let at = HEAD_BYTES
  const sets = (count: number): Uint8Array[] =>
    Array.from({ length: count }, () => {
      const length = view.getUint16(at)
      at += 2 + length
      return record.subarray(at - length, at)
    })
  try {
    const sequence = sets(view.getUint8(at++) & COUNT_MASK)
    const picture = sets(view.getUint8(at++))
    return { head: record.subarray(0, HEAD_BYTES), sequence, picture, tail: record.subarray(at) }
  } catch (cause) {
    throw new AppError('encode-failed', 'The encoder’s configuration cannot be read.', { cause })
  }
}

/** Of sequence parameter sets behind profile, compatibility and level; of picture parameter sets at once. */
function idsOf({ sequence, picture }: AvcRecord): readonly string[] {
  const id = (set: Uint8Array, skip: number) => {
    const bits = new BitReader(unescapeNalUnit(set))
    bits.skipBits(8 * (1 + skip))
    return bits.readUe()
  }
  return [
    ...sequence.map((set) => `sequence ${id(set, 3)}`),
    ...picture.map((set) => `picture ${id(set, 0)}`),
  ]
}
