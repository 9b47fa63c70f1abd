/**
 * Frames one behind the other in blocks that are used again: no object and no allocation for a frame,
 * since an ingest without viewers keeps thousands of them and looks at none.
 *
 *     type:8 bodyBytes:24 timestamp:32 0:24 (the head of an FLV tag)  body  …
 *
 * A frame may lie across blocks.
 */
import { encodeTagHeader, readTagHeader, TAG_HEADER_BYTES } from '../formats/flv/tag-header.ts'
import { type LiveFrame, makeFrame } from './live-frame.ts'
import type { MediaMessage } from './media-message.ts'

const BLOCK_BYTES = 64 * 1024
/** What stays for later when broadcasts end. */
const MAX_SPARE_BLOCKS = 64

/** Blocks for all streams of a hub. */
export class FrameBlocks {
  readonly #spare: Buffer[] = []

  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)
  }

  giveBack(blocks: readonly Buffer[]): void {
    for (const block of blocks) {
      if (this.#spare.length >= MAX_SPARE_BLOCKS) return
      this.#spare.push(block)
    }
  }
}

export class FrameLog {
  readonly #pool: FrameBlocks
  readonly #head = Buffer.alloc(TAG_HEADER_BYTES)
  #blocks: Buffer[] = []
  /** Used of the last block. */
  #used = BLOCK_BYTES
  #bytes = 0

  constructor(pool: FrameBlocks) {
    this.#pool = pool
  }

  /** Heads included. */
  get byteLength(): number {
    return this.#bytes
  }

  /** Copies the message. */
  add(message: MediaMessage, timestampMs: number): void {
    encodeTagHeader(this.#head, 0, message.type, message.byteLength, timestampMs)
    this.#append(this.#head)
    for (const part of message.parts) this.#append(part)
  }

  /** Those that begin at or after `from`, a `byteLength` of before. Valid until `clear`. */
  frames(from = 0): LiveFrame[] {
    const frames: LiveFrame[] = []
    for (let at = from; at < this.#bytes; ) {
      const head = readTagHeader(this.#read(at, TAG_HEADER_BYTES), 0)
      if (!head) break
      const body = this.#read(at + TAG_HEADER_BYTES, head.bodyBytes)
      frames.push(makeFrame(head.type as LiveFrame['type'], head.timestampMs, body))
      at += TAG_HEADER_BYTES + head.bodyBytes
    }
    return frames
  }

  clear(): void {
    this.#pool.giveBack(this.#blocks)
    this.#blocks = []
    this.#used = BLOCK_BYTES
    this.#bytes = 0
  }

  #append(bytes: Uint8Array): void {
    const { byteLength } = bytes
    this.#bytes += byteLength
    for (let from = 0; from < byteLength; ) {
      if (this.#used === BLOCK_BYTES) {
        this.#blocks.push(this.#pool.take())
        this.#used = 0
      }
      const to = Math.min(byteLength, from + BLOCK_BYTES - this.#used)
      const piece = from === 0 && to === byteLength ? bytes : bytes.subarray(from, to)
      this.#blocks.at(-1)?.set(piece, this.#used)
      this.#used += to - from
      from = to
    }
  }

  /** As they lie in their block; a copy where they lie across blocks. */
  #read(at: number, length: number): Buffer {
    const first = Math.floor(at / BLOCK_BYTES)
    const from = at - first * BLOCK_BYTES
    const block = this.#blocks[first] as Buffer
    if (from + length <= BLOCK_BYTES) return block.subarray(from, from + length)
    const last = Math.ceil((at + length) / BLOCK_BYTES)
    return Buffer.concat([block.subarray(from), ...this.#blocks.slice(first + 1, last)], length)
  }
}
