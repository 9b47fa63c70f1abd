/**
 * A chunk's header: basic header, message header, extended timestamp.
 *
 *     1 byte    fmt:2 | csid:6              csid 2..63
 *     2 bytes   fmt:2 | 0:6 | csid-64:8     csid 64..319
 *     3 bytes   fmt:2 | 1:6 | csid-64:16LE  csid 64..65599
 *
 *     fmt 0    timestamp:24 length:24 type:8 streamId:32LE
 *     fmt 1    delta:24 length:24 type:8
 *     fmt 2    delta:24
 *     fmt 3    nothing: everything as before
 *
 * A timestamp or delta of 0xffffff says that the real one, 32 bits, follows the message header.
 * The readers return undefined until every byte has arrived; the cursor then stands where it stood.
 * Spec: RTMP 1.0 (21 Dec 2012) §5.3.1
 */
import type { ByteReader } from '../bytes/byte-reader.ts'

export type ChunkFormat = 0 | 1 | 2 | 3

export interface BasicHeader {
  readonly format: ChunkFormat
  readonly csid: number
}

/** What the formats leave out is undefined. */
export interface MessageHeader {
  /** Absolute with format 0, else the difference to the message before; milliseconds, the extended one if there is one. */
  readonly time: number
  readonly extended: boolean
  readonly byteLength: number | undefined
  readonly type: number | undefined
  readonly streamId: number | undefined
}

export const EXTENDED = 0xffffff
const HEADER_BYTES = [11, 7, 3, 0] as const

export function readBasicHeader(reader: ByteReader): BasicHeader | undefined {
  if (reader.remaining < 1) return undefined
  const first = reader.bytes[reader.offset] ?? 0
  const low = first & 0x3f
  const length = low === 0 ? 2 : low === 1 ? 3 : 1
  if (reader.remaining < length) return undefined
  reader.offset += 1
  const format = (first >> 6) as ChunkFormat
  if (low === 0) return { format, csid: 64 + reader.readU8() }
  if (low === 1) return { format, csid: 64 + reader.readU8() + reader.readU8() * 256 }
  return { format, csid: low }
}

/** For formats 0 to 2; format 3 has no message header. */
export function readMessageHeader(reader: ByteReader, format: 0 | 1 | 2): MessageHeader | undefined {
  const start = reader.offset
  if (reader.remaining < HEADER_BYTES[format]) return undefined
  const field = reader.readU24()
  const byteLength = format < 2 ? reader.readU24() : undefined
  const type = format < 2 ? reader.readU8() : undefined
  const streamId = format < 1 ? reader.readU32Le() : undefined
  const extended = field === EXTENDED
  if (extended && reader.remaining < 4) {
    reader.offset = start
    return undefined
  }
  return { time: extended ? reader.readU32() : field, extended, byteLength, type, streamId }
}

/** Bytes that `writeBasicHeader` takes. */
export function basicHeaderBytes(csid: number): 1 | 2 | 3 {
  return csid < 64 ? 1 : csid < 320 ? 2 : 3
}

/** `csid` 2 to 65599. Returns the index after the header. */
export function writeBasicHeader(into: Uint8Array, at: number, format: ChunkFormat, csid: number): number {
  const top = format << 6
  if (csid < 64) {
    into[at] = top | csid
    return at + 1
  }
  if (csid < 320) {
    into[at] = top
    into[at + 1] = csid - 64
    return at + 2
  }
  into[at] = top | 1
  into[at + 1] = (csid - 64) & 0xff
  into[at + 2] = (csid - 64) >> 8
  return at + 3
}
