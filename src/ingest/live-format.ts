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

export const FLV_FORMAT: LiveFormat = {
  byteLength: (frame) => frame.body.byteLength + TAG_OVERHEAD_BYTES,
  write: (into, at, frame) => {
    const length = frame.body.byteLength
    encodeTagHeader(into, at, frame.type, length, frame.timestampMs)
    into.set(frame.body, at + TAG_HEADER_BYTES)
    const end = at + TAG_HEADER_BYTES + length
    encodeTagTrailer(into, end, length)
    return end + TAG_TRAILER_BYTES
  },
}

function makeRtmpFormat(streamId: number): LiveFormat {
  return {
    byteLength: (frame) =>
      chunkedBytes(outgoing(frame, streamId), frame.body.byteLength, OUTGOING_CHUNK_BYTES),
    write: (into, at, frame) => writeChunks(into, at, outgoing(frame, streamId), OUTGOING_CHUNK_BYTES),
  }
}

const rtmpFormats = new Map<number, LiveFormat>()

/** `streamId`: the message stream that the player plays on, one that session.ts let it create: those who play on the same share their bytes. */
export function rtmpFormat(streamId: number): LiveFormat {
  const format = rtmpFormats.get(streamId) ?? makeRtmpFormat(streamId)
  rtmpFormats.set(streamId, format)
  return format
}

function outgoing(frame: LiveFrame, streamId: number) {
  const csid = frame.type === VIDEO ? 6 : frame.type === AUDIO ? 4 : 8
  return { csid, type: frame.type, timestampMs: frame.timestampMs, streamId, body: frame.body }
}
