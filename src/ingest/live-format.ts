/** How frames are written to viewers. Bytes are made once for each format and shared by its viewers. */
import {
  encodeTagHeader,
  encodeTagTrailer,
  TAG_HEADER_BYTES,
  TAG_OVERHEAD_BYTES,
  TAG_TRAILER_BYTES,
} from '../formats/flv/tag-header.ts'
import { chunkedBytes, OUTGOING_CHUNK_BYTES, writeChunks } from '../formats/rtmp/chunk-writer.ts'
import type { LiveFrame } from './live-frame.ts'
import { AUDIO, VIDEO } from './media-message.ts'

export interface LiveFormat {
  byteLength(frame: LiveFrame): number
  /** Writes at `at`; returns the index after it. */
  write(into: Buffer, at: number, frame: LiveFrame): number
}

export function encodeFrames(format: LiveFormat, frames: readonly LiveFrame[]): Buffer {
  let length = 0
  for (const frame of frames) length += format.byteLength(frame)
  const bytes = Buffer.allocUnsafeSlow(length)
  let at = 0
  for (const frame of frames) at = format.write(bytes, at, frame)
  return bytes
}

/** The default track alone, for nobody can ask over HTTP for more. */
export const FLV_FORMAT: LiveFormat = {
  byteLength: ({ plain }) => (plain ? plain.byteLength + TAG_OVERHEAD_BYTES : 0),
  write: (into, at, { type, timestampMs, plain }) => {
    if (!plain) return at
    const length = plain.byteLength
    encodeTagHeader(into, at, type, length, timestampMs)
    into.set(plain, at + TAG_HEADER_BYTES)
    const end = at + TAG_HEADER_BYTES + length
    encodeTagTrailer(into, end, length)
    return end + TAG_TRAILER_BYTES
  },
}

function makeRtmpFormat(streamId: number, allTracks: boolean): LiveFormat {
  const bodyOf = (frame: LiveFrame) => (allTracks ? frame.body : frame.plain)
  return {
    byteLength: (frame) => {
      const body = bodyOf(frame)
      return body ? chunkedBytes(outgoing(frame, body, streamId), body.byteLength, OUTGOING_CHUNK_BYTES) : 0
    },
    write: (into, at, frame) => {
      const body = bodyOf(frame)
      return body ? writeChunks(into, at, outgoing(frame, body, streamId), OUTGOING_CHUNK_BYTES) : at
    },
  }
}

/** Players nearly always play on the first stream they create: these share their bytes. */
const FIRST_STREAM_ID = 1
const SHARED_PLAIN = makeRtmpFormat(FIRST_STREAM_ID, false)
const SHARED_ALL = makeRtmpFormat(FIRST_STREAM_ID, true)

/**
 * `streamId`: the message stream that the player plays on; any 32 bits. `allTracks`: every message as it came;
 * else the default track alone.
 */
export function rtmpFormat(streamId: number, allTracks = false): LiveFormat {
  if (streamId !== FIRST_STREAM_ID) return makeRtmpFormat(streamId, allTracks)
  return allTracks ? SHARED_ALL : SHARED_PLAIN
}

function outgoing(frame: LiveFrame, body: Uint8Array, streamId: number) {
  const csid = frame.type === VIDEO ? 6 : frame.type === AUDIO ? 4 : 8
  return { csid, type: frame.type, timestampMs: frame.timestampMs, streamId, body }
}
