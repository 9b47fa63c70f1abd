/**
 * Messages to chunks: a format 0 header, then format 3 for each further chunk of the body. Every
 * message carries its absolute time, so that any of them can be left out for a slow reader.
 * Spec: RTMP 1.0 (21 Dec 2012) §5.3.1
 */
import { basicHeaderBytes, EXTENDED, writeBasicHeader } from './chunk-header.ts'
import type { OutgoingMessage } from './message.ts'

/** The size we announce, bytes: the largest that Flash-era players take. */
export const OUTGOING_CHUNK_BYTES = 65_536
/** What a peer expects before it has read our Set Chunk Size. */
export const DEFAULT_CHUNK_BYTES = 128

/** Bytes that `writeChunks` takes for a body of `byteLength`. */
export function chunkedBytes(
  message: Omit<OutgoingMessage, 'body'>,
  byteLength: number,
  chunkBytes: number,
): number {
  const basic = basicHeaderBytes(message.csid)
  const extended = message.timestampMs >= EXTENDED ? 4 : 0
  const chunks = Math.max(1, Math.ceil(byteLength / chunkBytes))
  return basic + 11 + extended + (chunks - 1) * (basic + extended) + byteLength
}

/** Writes at `at`; returns the index after it. */
export function writeChunks(into: Buffer, at: number, message: OutgoingMessage, chunkBytes: number): number {
  const { csid, timestampMs, body } = message
  const extended = timestampMs >= EXTENDED
  let end = writeBasicHeader(into, at, 0, csid)
  end = into.writeUIntBE(extended ? EXTENDED : timestampMs, end, 3)
  end = into.writeUIntBE(body.byteLength, end, 3)
  end = into.writeUInt8(message.type, end)
  end = into.writeUInt32LE(message.streamId, end)
  if (extended) end = into.writeUInt32BE(timestampMs, end)
  for (let from = 0; from < body.byteLength || from === 0; from += chunkBytes) {
    if (from > 0) {
      end = writeBasicHeader(into, end, 3, csid)
      if (extended) end = into.writeUInt32BE(timestampMs, end)
    }
    const to = Math.min(from + chunkBytes, body.byteLength)
    into.set(from === 0 && to === body.byteLength ? body : body.subarray(from, to), end)
    end += to - from
  }
  return end
}

export function encodeMessages(messages: readonly OutgoingMessage[], chunkBytes: number): Buffer {
  let length = 0
  for (const message of messages) length += chunkedBytes(message, message.body.byteLength, chunkBytes)
  const bytes = Buffer.allocUnsafe(length)
  let at = 0
  for (const message of messages) at = writeChunks(bytes, at, message, chunkBytes)
  return bytes
}
