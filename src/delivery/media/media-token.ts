/**
 * The signed prefix of media addresses: /media/<token>/<video>/… A video that shows another edition of its
 * media is named <video>.<edition> there: what players keep of the one before is not mixed with it.
 *
 *     8 bits   version:4 | 0:3 | private:1    private: minted for somebody who may watch a private video
 *     32 bits  expiry, seconds since 1970
 *     128 bits HMAC-SHA256 over version, flags, expiry and what stands in <video>, cut
 *
 * in base64url. Playlists name everything relative to themselves, so the prefix stays on every request of a
 * player without a playlist being rewritten, and a cache in front sees one address for all viewers: expiry
 * is rounded, a day for public videos and an hour for others.
 * A video that is made private at once refuses the tokens minted while it was not.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { VideoId } from '../../kernel/ids.ts'
import type { VideoVisibility } from '../../library/permissions.ts'

const VERSION = 1
const PRIVATE = 1
const HEAD_BYTES = 5
const MAC_BYTES = 16
const HOUR_SECONDS = 3600
/** At least this long from minting. */
const LIFE_SECONDS = 24 * HOUR_SECONDS

/** What stands for the video in its media addresses. */
export function mediaName({ id, mediaId }: { readonly id: VideoId; readonly mediaId: VideoId }): string {
  return mediaId === id ? id : `${id}.${mediaId}`
}

export function parseMediaName(name: string): { readonly id: VideoId; readonly mediaId: VideoId } {
  const [id = '', edition = id] = name.split('.', 2)
  return { id: id as VideoId, mediaId: edition as VideoId }
}

export type TokenVerdict = 'valid' | 'expired' | 'invalid'

export class MediaTokens {
  readonly #key: Uint8Array
  readonly #now: () => number

  /** `key`: 32 bytes, used for nothing else. `now`: milliseconds. */
  constructor(key: Uint8Array, now: () => number = Date.now) {
    this.#key = key
    this.#now = now
  }

  /** Only for somebody who may watch the video; `name`: mediaName. */
  mint(name: string, visibility: VideoVisibility): string {
    const step = visibility === 'public' ? LIFE_SECONDS : HOUR_SECONDS
    const expires = (Math.floor(this.#now() / 1000 / step) + 1) * step + LIFE_SECONDS
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeUInt8((VERSION << 4) | (visibility === 'private' ? PRIVATE : 0), 0)
    head.writeUInt32BE(expires, 1)
    return Buffer.concat([head, this.#mac(head, name)]).toString('base64url')
  }

  /** `visibility`: the video's now. */
  verify(token: string, name: string, visibility: VideoVisibility): TokenVerdict {
    const bytes = Buffer.from(token, 'base64url')
    // The decoder forgives; one spelling for one token keeps caches honest.
    if (bytes.byteLength !== HEAD_BYTES + MAC_BYTES || bytes.toString('base64url') !== token) return 'invalid'
    const head = bytes.subarray(0, HEAD_BYTES)
    if (!timingSafeEqual(bytes.subarray(HEAD_BYTES), this.#mac(head, name))) return 'invalid'
    if (head.readUInt8(0) >> 4 !== VERSION) return 'invalid'
    if (head.readUInt32BE(1) * 1000 <= this.#now()) return 'expired'
    return visibility === 'private' && (head.readUInt8(0) & PRIVATE) === 0 ? 'invalid' : 'valid'
  }

  #mac(head: Uint8Array, name: string): Buffer {
    return createHmac('sha256', this.#key).update(head).update(name).digest().subarray(0, MAC_BYTES)
  }
}
