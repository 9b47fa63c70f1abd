/**
 * A message in the hub's own memory, ready for any output. Frames are packed into slabs: one
 * allocation for many frames, given back as a whole when the group of pictures is forgotten and the
 * last viewer has been sent it.
 */
import { readAudioTag } from '../formats/flv/audio-tag.ts'
import { readVideoTag } from '../formats/flv/video-tag.ts'
import { isMetadata } from './data-frame.ts'
import { AUDIO, type MediaMessage, VIDEO } from './media-message.ts'

/**
 * `header`: decoder configuration. `metadata`: onMetaData. `sync`: a keyframe, decoding can start here.
 * `frame`: everything else.
 */
export type FrameKind = 'header' | 'metadata' | 'sync' | 'frame'

export interface LiveFrame {
  readonly type: MediaMessage['type']
  readonly kind: FrameKind
  /** As players get it: continues when the encoder comes back. Unsigned 32 bits, wraps. */
  readonly timestampMs: number
  readonly body: Buffer
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
    return { type: message.type, kind: kindOf(message.type, body), timestampMs, body }
  }
}

/** Header and metadata frames outlive their slab. */
export function detached(frame: LiveFrame): LiveFrame {
  return { ...frame, body: Buffer.from(frame.body) }
}

function kindOf(type: number, body: Buffer): FrameKind {
  if (type === VIDEO) {
    const tag = readVideoTag(body)
    if (tag?.packet === 'sequence-start') return 'header'
    return tag?.keyframe && tag.packet === 'frame' ? 'sync' : 'frame'
  }
  if (type === AUDIO) return readAudioTag(body)?.packet === 'sequence-start' ? 'header' : 'frame'
  return isMetadata(body) ? 'metadata' : 'frame'
}
