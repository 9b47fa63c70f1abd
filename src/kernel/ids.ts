/**
 * Identifiers. Branded, so that a video's id cannot be passed for a broadcast's.
 * Video ids are public and short; everything else is a UUIDv7 (time-ordered: new rows land at the index's end).
 */
import { randomBytes, randomFillSync } from 'node:crypto'

type Branded<B extends string> = string & { readonly __brand: B }

export type VideoId = Branded<'VideoId'>
export type BroadcastId = Branded<'BroadcastId'>
export type SessionId = Branded<'SessionId'>
export type UploadId = Branded<'UploadId'>
export type ChannelId = Branded<'ChannelId'>
export type UserId = Branded<'UserId'>

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const VIDEO_ID_LENGTH = 12

/** 12 characters of base58, 70 bits: short enough for an address, too many to guess an unlisted one. */
export function newVideoId(): VideoId {
  let id = ''
  while (id.length < VIDEO_ID_LENGTH) {
    for (const byte of randomBytes(VIDEO_ID_LENGTH)) {
      // 232 is the largest multiple of 58 in a byte: what lies above would favour the first letters.
      if (byte < 232 && id.length < VIDEO_ID_LENGTH) id += BASE58[byte % 58]
    }
  }
  return id as VideoId
}

/** RFC 9562 §5.7. */
export function newId<T extends string = string>(nowMs = Date.now()): T {
  const bytes = Buffer.alloc(16)
  randomFillSync(bytes, 6)
  bytes.writeUIntBE(nowMs, 0, 6)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as T
}
