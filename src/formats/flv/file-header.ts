/**
 * The 13 bytes every FLV begins with: the file header, then the PreviousTagSize of no tag.
 *
 *     "FLV"  version=1  0:5 audio:1 0:1 video:1  headerSize=9 u32  0 u32
 *
 * Spec: FLV 10.1 §E.2, §E.3
 */
import { MalformedError } from '../bytes/malformed-error.ts'

export const FILE_HEADER_BYTES = 13
const HEADER_SIZE = 9
const HAS_AUDIO = 0b100
const HAS_VIDEO = 0b001

/** Both flags are set by default: a log does not know what will come. */
export function encodeFileHeader(
  has: { audio: boolean; video: boolean } = { audio: true, video: true },
): Buffer {
  const flags = (has.audio ? HAS_AUDIO : 0) | (has.video ? HAS_VIDEO : 0)
  return Buffer.from([0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, HEADER_SIZE, 0, 0, 0, 0])
}

export interface FileHeader {
  /** Offset of the first tag. */
  readonly byteLength: number
}

/** Undefined until all of it is there; throws MalformedError when it is no FLV. */
export function readFileHeader(bytes: Uint8Array): FileHeader | undefined {
  const signature = [0x46, 0x4c, 0x56]
  for (let i = 0; i < Math.min(signature.length, bytes.byteLength); i++) {
    if (bytes[i] !== signature[i]) throw new MalformedError('not an FLV file: it does not begin with "FLV"')
  }
  if (bytes.byteLength < FILE_HEADER_BYTES) return undefined
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(5)
  // Version 1 has 9 bytes; a longer header is skipped as the specification says, an absurd one is damage.
  if (size < HEADER_SIZE || size > 1024) throw new MalformedError(`FLV header of ${size} bytes`)
  return { byteLength: size + 4 }
}
