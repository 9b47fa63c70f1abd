/**
 * Closed captions that travel in H.264 pictures: CEA-608 byte pairs, in user data of the stream itself.
 *
 *     NAL unit 6 (SEI) | payload type 4 | size | B5 00 31 "GA94" 03 | cc_data
 *     cc_data          process:… count:5 | FF | count × (11111:5 valid:1 type:2 | byte | byte) | FF
 *
 * Type 0 is field 1 of line 21 (CC1 and CC2), type 1 field 2, types 2 and 3 CEA-708, which carries the same
 * words beside. Spec: ITU-T H.264 (08/2021) §D.1.6; ATSC A/53 Part 4:2009 §6.2.3; CEA-608-E §B.
 */
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny'

/** Country US, provider ATSC, "GA94", cc_data. */
const MARK = Buffer.from([0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03])
const SEI = 6
const USER_DATA = 4

export interface CaptionPair {
  /** Seconds on the video's clock. */
  readonly seconds: number
  /** Two bytes of field 1, with parity. */
  readonly bytes: readonly [number, number]
}

/** Whether a segment's pictures carry closed captions. No emulation prevention byte can fall into the mark. */
export function hasClosedCaptions(segment: Uint8Array): boolean {
  return Buffer.from(segment.buffer, segment.byteOffset, segment.byteLength).includes(MARK)
}

/** The pairs of one segment in the order in which they are shown. */
export async function readCaptionPairs(
  init: Uint8Array,
  segment: Uint8Array,
): Promise<readonly CaptionPair[]> {
  if (!hasClosedCaptions(segment)) return []
  using input = new Input({ source: new BufferSource(Buffer.concat([init, segment])), formats: ALL_FORMATS })
  const track = await input.getPrimaryVideoTrack()
  if (!track || (await track.getCodec()) !== 'avc') return []
  const config = await track.getDecoderConfig()
  const lengthBytes = lengthSizeOf(config?.description)
  const pictures: { readonly seconds: number; readonly pairs: readonly (readonly [number, number])[] }[] = []
  for await (const packet of new EncodedPacketSink(track).packets()) {
    const pairs = pairsOfPicture(Buffer.from(packet.data), lengthBytes)
    if (pairs.length > 0) pictures.push({ seconds: packet.timestamp, pairs })
  }
  return pictures
    .toSorted((a, b) => a.seconds - b.seconds)
    .flatMap(({ seconds, pairs }) => pairs.map((bytes) => ({ seconds, bytes })))
}

/** avcC: ISO/IEC 14496-15 §5.3.3.1.2. Annex B has none: four bytes are then its start codes' length. */
function lengthSizeOf(description: AllowSharedBufferSource | undefined): number {
  if (description === undefined) return 4
  const bytes = ArrayBuffer.isView(description)
    ? new Uint8Array(description.buffer, description.byteOffset, description.byteLength)
    : new Uint8Array(description)
  return ((bytes[4] ?? 3) & 3) + 1
}

/** Pairs of field 1 that are valid and say something. `data`: NAL units behind their lengths. */
export function pairsOfPicture(data: Buffer, lengthBytes: number): readonly (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = []
  let at = 0
  while (at + lengthBytes < data.byteLength) {
    const size = data.readUIntBE(at, lengthBytes)
    const unit = data.subarray(at + lengthBytes, at + lengthBytes + size)
    if (((unit[0] ?? 0) & 0x1f) === SEI) pairs.push(...pairsOfSei(withoutEmulation(unit.subarray(1))))
    at += lengthBytes + size
  }
  return pairs
}

function pairsOfSei(sei: Buffer): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = []
  let at = 0
  const number = (): number => {
    let value = 0
    while (sei[at] === 0xff) {
      value += 255
      at += 1
    }
    value += sei[at] ?? 0
    at += 1
    return value
  }
  // What is left when it ends is a stop bit.
  while (at + 2 < sei.byteLength) {
    const type = number()
    const size = number()
    const payload = sei.subarray(at, at + size)
    at += size
    if (type !== USER_DATA || !payload.subarray(0, MARK.byteLength).equals(MARK)) continue
    const count = (payload[MARK.byteLength] ?? 0) & 0x1f
    for (let i = 0; i < count; i++) {
      const triplet = payload.subarray(MARK.byteLength + 2 + 3 * i, MARK.byteLength + 5 + 3 * i)
      const [head = 0, first = 0, second = 0] = triplet
      const isValid = (head & 0x04) !== 0 && (head & 0x03) === 0
      if (triplet.byteLength === 3 && isValid && ((first & 0x7f) | (second & 0x7f)) !== 0)
        pairs.push([first, second])
    }
  }
  return pairs
}

/** H.264 §7.4.1: 00 00 03 stands for 00 00. */
function withoutEmulation(unit: Buffer): Buffer {
  if (!unit.includes(Buffer.from([0, 0, 3]))) return unit
  const bytes: number[] = []
  let zeros = 0
  for (const byte of unit) {
    if (zeros >= 2 && byte === 3) zeros = 0
    else {
      bytes.push(byte)
      zeros = byte === 0 ? zeros + 1 : 0
    }
  }
  return Buffer.from(bytes)
}
