/**
 * A tag: 11 bytes of header, the body, and the size of both again.
 *
 *     type:8  bodyBytes:24  timestamp:24 (low)  timestamp:8 (high)  streamId:24=0  body  (11 + bodyBytes):32
 *
 * Spec: FLV 10.1 §E.3, §E.4.1
 */
import { MalformedError } from '../bytes/malformed-error.ts'

export const TAG_HEADER_BYTES = 11
export const TAG_TRAILER_BYTES = 4
export const TAG_OVERHEAD_BYTES = TAG_HEADER_BYTES + TAG_TRAILER_BYTES
export const MAX_BODY_BYTES = 0xff_ffff

export const AUDIO_TAG = 8
export const VIDEO_TAG = 9
export const SCRIPT_TAG = 18

export interface TagHeader {
  /** 8 audio, 9 video, 18 script; other values are skipped by readers. */
  readonly type: number
  readonly bodyBytes: number
  /** Milliseconds, unsigned 32 bits. */
  readonly timestampMs: number
}

/** Writes the 11 bytes at `at`. */
export function encodeTagHeader(
  into: Uint8Array,
  at: number,
  type: number,
  bodyBytes: number,
  timestampMs: number,
): void {
  into[at] = type
  into[at + 1] = bodyBytes >>> 16
  into[at + 2] = bodyBytes >>> 8
  into[at + 3] = bodyBytes
  into[at + 4] = timestampMs >>> 16
  into[at + 5] = timestampMs >>> 8
  into[at + 6] = timestampMs
  into[at + 7] = timestampMs >>> 24
  into[at + 8] = 0
  into[at + 9] = 0
  into[at + 10] = 0
}

/** Writes the PreviousTagSize that follows a body of `bodyBytes`. */
export function encodeTagTrailer(into: Uint8Array, at: number, bodyBytes: number): void {
  const size = bodyBytes + TAG_HEADER_BYTES
  into[at] = size >>> 24
  into[at + 1] = size >>> 16
  into[at + 2] = size >>> 8
  into[at + 3] = size
}

/** A whole tag, for small ones such as metadata. */
export function encodeTag(type: number, timestampMs: number, body: Uint8Array): Buffer {
  const tag = Buffer.alloc(body.byteLength + TAG_OVERHEAD_BYTES)
  encodeTagHeader(tag, 0, type, body.byteLength, timestampMs)
  tag.set(body, TAG_HEADER_BYTES)
  encodeTagTrailer(tag, TAG_HEADER_BYTES + body.byteLength, body.byteLength)
  return tag
}

/**
 * Undefined until the 11 bytes are there. Throws MalformedError when this cannot be where a tag
 * begins: another type than audio, video or script, or a stream id.
 */
export function readTagHeader(bytes: Uint8Array, at: number): TagHeader | undefined {
  if (bytes.byteLength - at < TAG_HEADER_BYTES) return undefined
  const byte = (offset: number) => bytes[at + offset] ?? 0
  // Bit 5 marks an encrypted body: nobody can read it, but its size is right.
  const type = byte(0) & 0x1f
  const streamId = (byte(8) << 16) | (byte(9) << 8) | byte(10)
  if ((type !== AUDIO_TAG && type !== VIDEO_TAG && type !== SCRIPT_TAG) || byte(0) & 0xc0 || streamId !== 0) {
    throw new MalformedError(`no FLV tag begins here: type ${byte(0)}, stream ${streamId}`)
  }
  return {
    type,
    bodyBytes: (byte(1) << 16) | (byte(2) << 8) | byte(3),
    timestampMs: ((byte(7) << 24) | (byte(4) << 16) | (byte(5) << 8) | byte(6)) >>> 0,
  }
}

/** True when the PreviousTagSize at `at` is that of a tag with such a body. */
export function isTagTrailer(bytes: Uint8Array, at: number, bodyBytes: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getUint32(at) === bodyBytes + TAG_HEADER_BYTES
}
