/**
 * The decoder configuration of H.264 from a picture that carries its parameter sets itself: some senders
 * leave out the sequence header, or a recording of theirs begins after it.
 *
 *     picture  (length:32 NAL unit)…      NAL unit  forbidden:1 refIdc:2 type:5 …   type 7 SPS, 8 PPS
 *
 * Spec: ISO/IEC 14496-15:2022 §5.3.3.1; ITU-T H.264 (08/2021) §7.3.1
 */
const SPS = 7
const PPS = 8
const HEAD_BYTES = 4

/** An AVCDecoderConfigurationRecord with four bytes of length, or undefined when the sets are not all there. */
export function avcConfigOf(picture: Uint8Array): Uint8Array | undefined {
  const units = nalUnits(picture)
  const sps = units.find((unit) => typeOf(unit) === SPS)
  const pps = units.filter((unit) => typeOf(unit) === PPS)
  const [first] = pps
  if (!sps || sps.byteLength < HEAD_BYTES || !first) return undefined
  return Buffer.concat([
    Buffer.of(1, sps[1] ?? 0, sps[2] ?? 0, sps[3] ?? 0, 0xff, 0xe1),
    withLength(sps),
    Buffer.of(1),
    withLength(first),
  ])
}

const typeOf = (unit: Uint8Array) => (unit[0] ?? 0) & 0x1f

function withLength(unit: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(unit.byteLength >> 8, unit.byteLength & 0xff), unit])
}

/** Those that are whole. */
function nalUnits(picture: Uint8Array): Uint8Array[] {
  const view = new DataView(picture.buffer, picture.byteOffset, picture.byteLength)
  const units: Uint8Array[] = []
  for (let at = 0; at + 4 < picture.byteLength; ) {
    const length = view.getUint32(at)
    if (length === 0 || at + 4 + length > picture.byteLength) break
    units.push(picture.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return units
}
