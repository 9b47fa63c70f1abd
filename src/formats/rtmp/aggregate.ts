/**
 * An aggregate message: FLV tags in one message, as Flash Media Server's relays send them.
 *
 *     type:8  size:24  timestamp:24 (low)  timestamp:8 (high)  streamId:24  body  backPointer:32   and so on
 *
 * Only the differences of the timestamps count: the first tag has the message's own.
 * Spec: RTMP 1.0 (21 Dec 2012) §7.1.6
 */
import { ByteReader } from '../bytes/byte-reader.ts'
import { joinParts, type RtmpMessage } from './message.ts'

const BACK_POINTER_BYTES = 4

/**
 * One after another: 16 MiB hold a million empty tags, which as an array would be ten times as much.
 * Throws MalformedError at a tag that does not fit. The last back pointer may be missing.
 */
export function* readAggregate(message: RtmpMessage): Generator<RtmpMessage, void> {
  const reader = new ByteReader(joinParts(message.parts, message.byteLength))
  let firstMs: number | undefined
  while (reader.remaining > 0) {
    const type = reader.readU8()
    const byteLength = reader.readU24()
    const timeMs = reader.readU24() + reader.readU8() * 0x1000000
    reader.readU24()
    firstMs ??= timeMs
    const timestampMs = (message.timestampMs + timeMs - firstMs) >>> 0
    const parts = [reader.readBytes(byteLength)]
    yield { type, timestampMs, streamId: message.streamId, parts, byteLength }
    reader.readBytes(Math.min(BACK_POINTER_BYTES, reader.remaining))
  }
}
