/**
 * A broadcast as bytes on the wire, chunked beforehand: the source over and over, its times running on,
 * so that pushing costs little more than the writes.
 */
import { encodeFileHeader } from '../../../src/formats/flv/file-header.ts'
import { encodeTag } from '../../../src/formats/flv/tag-header.ts'
import { encodeMessages } from '../../../src/formats/rtmp/chunk-writer.ts'
import { joinParts, type OutgoingMessage } from '../../../src/formats/rtmp/message.ts'
import { AUDIO, DATA, type MediaMessage, VIDEO } from '../../../src/ingest/media-message.ts'
import { messagesOf } from '../../support/packaged-video.ts'
import { BROADCAST_LOOP_SECONDS } from '../sources.ts'

/** What every peer of the measurements takes, and what encoders such as OBS send. */
export const PUSH_CHUNK_BYTES = 4096
/** The one that a fresh connection creates. */
export const PUSH_STREAM_ID = 1
/** AMF0 string: encoders ask the server to keep their metadata with it. */
const SET_DATA_FRAME = Buffer.concat([Buffer.of(2, 0, 13), Buffer.from('@setDataFrame')])

/** Pictures and sounds, decoder configurations apart. */
export interface MediaCount {
  readonly messages: number
  /** Of their bodies. */
  readonly bytes: number
}

export interface PushedStream {
  readonly bytes: Buffer
  /** When each message is due, milliseconds from the start, and where it ends in `bytes`. */
  readonly dueMs: Float64Array
  readonly ends: Uint32Array
  readonly media: MediaCount
  readonly seconds: number
}

/** Decoder configurations, which servers repeat or leave out as they see fit. Both AVC and AAC: FLV 10.1 §E.4.2.1, §E.4.3.1. */
export function isConfiguration(body: Uint8Array | undefined): boolean {
  return body?.[1] === 0
}

/** `as`: chunks of RTMP, or a file of FLV in pieces. */
export async function makePushedStream(
  source: string,
  seconds: number,
  as: 'rtmp' | 'flv' = 'rtmp',
): Promise<PushedStream> {
  const messages = await messagesOf(source)
  const pushed: OutgoingMessage[] = []
  let [count, bytes] = [0, 0]
  for (let loop = 0; loop * BROADCAST_LOOP_SECONDS < seconds; loop += 1) {
    const shiftMs = loop * BROADCAST_LOOP_SECONDS * 1000
    for (const message of messages) {
      const timestampMs = message.timestampMs + shiftMs
      const head = message.type === DATA || isConfiguration(message.parts[0])
      if (timestampMs >= seconds * 1000 || (head && loop > 0)) continue
      pushed.push(outgoing(message, timestampMs))
      if (head) continue
      count += 1
      bytes += message.byteLength
    }
  }
  const chunked = pushed.map((message, index) =>
    as === 'rtmp' ? encodeMessages([message], PUSH_CHUNK_BYTES) : encodeFlv(message, index === 0),
  )
  let end = 0
  return {
    bytes: Buffer.concat(chunked),
    dueMs: Float64Array.from(pushed, ({ timestampMs }) => timestampMs),
    ends: Uint32Array.from(chunked, ({ byteLength }) => {
      end += byteLength
      return end
    }),
    media: { messages: count, bytes },
    seconds,
  }
}

function encodeFlv({ type, timestampMs, body }: OutgoingMessage, first: boolean): Buffer {
  const tag = encodeTag(type, timestampMs, type === DATA ? body.subarray(SET_DATA_FRAME.byteLength) : body)
  return first ? Buffer.concat([encodeFileHeader({ audio: true, video: true }), tag]) : tag
}

function outgoing({ type, parts, byteLength }: MediaMessage, timestampMs: number): OutgoingMessage {
  const body = joinParts(parts, byteLength)
  const csid = type === VIDEO ? 6 : type === AUDIO ? 4 : 5
  return {
    csid,
    type,
    timestampMs,
    streamId: PUSH_STREAM_ID,
    body: type === DATA ? Buffer.concat([SET_DATA_FRAME, body]) : body,
  }
}

/** Where the absolute time of each message lies: after its basic header of one byte. RTMP 1.0 §5.3.1.2.1. */
const TIME_OFFSET = 1
/** From here on times would need more room than they have. */
const MAX_TIME_MS = 0xffffff

/** The bytes of `stream` once more, later: for pushing more than was chunked. */
export function shiftStream(stream: PushedStream, byMs: number): Buffer {
  const bytes = Buffer.from(stream.bytes)
  for (const [index, dueMs] of stream.dueMs.entries()) {
    if (dueMs + byMs >= MAX_TIME_MS) throw new Error('that is more than four hours of stream')
    bytes.writeUIntBE(dueMs + byMs, (stream.ends[index - 1] ?? 0) + TIME_OFFSET, 3)
  }
  return bytes
}
