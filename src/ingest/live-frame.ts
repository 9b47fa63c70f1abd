/**
 * A message in the hub's own memory, ready for any output. Frames are packed into slabs: one
 * allocation for many frames, given back as a whole when the group of pictures is forgotten and the
 * last viewer has been sent it.
 */
import { defaultTrackBody } from '../formats/flv/default-track.ts'
import { readStanding, type Standing } from '../formats/flv/standing-message.ts'
import { readVideoTag } from '../formats/flv/video-tag.ts'
import { isMetadata } from './data-frame.ts'
import { DATA, type MediaMessage, VIDEO } from './media-message.ts'

/**
 * `header`: a decoder configuration, or what else holds for all that follow. `metadata`: onMetaData.
 * `sync`: a keyframe of the default track, decoding can start here. `frame`: everything else.
 */
export type FrameKind = 'header' | 'metadata' | 'sync' | 'frame'

export interface LiveFrame {
  readonly type: MediaMessage['type']
  readonly kind: FrameKind
  /** As players get it: continues when the encoder comes back. Unsigned 32 bits, wraps. */
  readonly timestampMs: number
  /** As it came. */
  readonly body: Buffer
  /** For players that know the default track alone: the same bytes, mostly; undefined: nothing of it is for them. */
  readonly plain: Uint8Array | undefined
  /** Of a header: what it stands for. */
  readonly standing: Standing | undefined
}

const SLAB_BYTES = 64 * 1024

export class FrameStore {
  #slab = Buffer.alloc(0)
  #used = 0

  /** Copies the message. */
  add(message: MediaMessage, timestampMs: number): LiveFrame {
    const length = message.byteLength
    if (length > this.#slab.length - this.#used) {
      this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, length))
      this.#used = 0
    }
    const body = this.#slab.subarray(this.#used, this.#used + length)
    this.#used += length
    let at = 0
    for (const part of message.parts) {
      body.set(part, at)
      at += part.byteLength
    }
    const { type } = message
    const standing = type === DATA ? undefined : readStanding(type, body)
    const kind = standing ? 'header' : kindOf(type, body)
    return { type, kind, timestampMs, body, plain: plainOf(type, body), standing }
  }
}

/** Header and metadata frames outlive their slab. */
export function detached(frame: LiveFrame): LiveFrame {
  const body = Buffer.from(frame.body)
  return {
    ...frame,
    body,
    plain: frame.plain === frame.body ? body : frame.plain && Buffer.from(frame.plain),
  }
}

function kindOf(type: number, body: Buffer): FrameKind {
  if (type === DATA) return isMetadata(body) ? 'metadata' : 'frame'
  const tag = type === VIDEO ? readVideoTag(body) : undefined
  return tag?.keyframe && tag.packet === 'frame' ? 'sync' : 'frame'
}

function plainOf(type: number, body: Buffer): Uint8Array | undefined {
  return type === DATA ? body : defaultTrackBody(type, body)
}
