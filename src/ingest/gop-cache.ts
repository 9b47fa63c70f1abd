/**
 * What a viewer who joins now is sent first: the frames since the last keyframe, so that the picture
 * is there at once. Bounded: a group of pictures that grows past the limit is forgotten, and who joins
 * then waits for the next keyframe.
 *
 * Who joins gets bytes that are made once for each format and shared, each time only what came since: a
 * crowd that joins at once costs one group of pictures, not one for each of them.
 */
import { type FrameBlocks, FrameLog } from './frame-log.ts'
import { encodeFrames, type LiveFormat } from './live-format.ts'
import type { MediaMessage } from './media-message.ts'

interface Encoded {
  readonly pieces: Buffer[]
  /** How far into the log. */
  upTo: number
}

export class GopCache {
  readonly #maxBytes: number
  readonly #log: FrameLog
  readonly #encoded = new Map<LiveFormat, Encoded>()
  #firstMs: number | undefined

  constructor(maxBytes: number, blocks: FrameBlocks) {
    this.#maxBytes = maxBytes
    this.#log = new FrameLog(blocks)
  }

  /** Of the first frame; undefined when there is none. */
  get firstMs(): number | undefined {
    return this.#firstMs
  }

  get byteLength(): number {
    return this.#log.byteLength
  }

  /** Copies the message. `sync`: decoding can start at this frame. */
  add(message: MediaMessage, timestampMs: number, sync: boolean): void {
    if (sync) {
      this.clear()
      this.#firstMs = timestampMs
    }
    if (this.#firstMs === undefined) return
    this.#log.add(message, timestampMs)
    if (this.#log.byteLength > this.#maxBytes) this.clear()
  }

  /** Not to be written to. */
  encode(format: LiveFormat): readonly Buffer[] {
    const encoded = this.#encoded.get(format) ?? { pieces: [], upTo: 0 }
    if (encoded.upTo < this.#log.byteLength) {
      encoded.pieces.push(encodeFrames(format, this.#log.frames(encoded.upTo)))
      encoded.upTo = this.#log.byteLength
      this.#encoded.set(format, encoded)
    }
    return encoded.pieces
  }

  clear(): void {
    this.#log.clear()
    this.#encoded.clear()
    this.#firstMs = undefined
  }
}
