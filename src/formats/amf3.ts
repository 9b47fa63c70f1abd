/**
 * The part of AMF3 that a value behind AMF0's marker 0x11 needs: scalars and literal strings. A peer
 * that speaks AMF3 at all (objectEncoding 3) still sends its commands in AMF0; see command-message.ts.
 * Spec: AMF 3 (2006) §3.
 */
import type { ByteReader } from './bytes/byte-reader.ts'
import { MalformedError } from './bytes/malformed-error.ts'

/** Throws MalformedError on objects, arrays and string references. */
export function readAmf3Scalar(reader: ByteReader): number | boolean | string | null | undefined {
  const marker = reader.readU8()
  switch (marker) {
    case 0x00:
      return undefined
    case 0x01:
      return null
    case 0x02:
      return false
    case 0x03:
      return true
    case 0x04: {
      const value = readU29(reader)
      return value >= 1 << 28 ? value - (1 << 29) : value
    }
    case 0x05:
      return reader.readF64()
    case 0x06: {
      const head = readU29(reader)
      if ((head & 1) === 0) throw new MalformedError('AMF3 string references are not understood')
      return reader.readUtf8(head >> 1)
    }
    default:
      throw new MalformedError(`AMF3 marker 0x${marker.toString(16).padStart(2, '0')} is not understood`)
  }
}

/** 7 bits a byte, the top bit saying that more follow; the fourth byte gives all of its 8. AMF 3 §1.3.1. */
function readU29(reader: ByteReader): number {
  let value = 0
  for (let i = 0; i < 3; i += 1) {
    const byte = reader.readU8()
    value = (value << 7) | (byte & 0x7f)
    if (byte < 0x80) return value
  }
  return (value << 8) | reader.readU8()
}
