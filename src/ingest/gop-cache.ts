/**
 * What a viewer who joins now is sent first: the frames since the last keyframe, so that the picture
 * is there at once. Bounded: a group of pictures that grows past the limit is forgotten, and who joins
 * then waits for the next keyframe.
 */
import type { LiveFrame } from './live-frame.ts'

/** What a frame costs beside its body. */
const FRAME_OVERHEAD_BYTES = 128

export class GopCache {
  readonly #maxBytes: number
  #frames: LiveFrame[] = []
  #bytes = 0
  #filling = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get frames(): readonly LiveFrame[] {
    return this.#frames
  }

  get byteLength(): number {
    return this.#bytes
  }

  /** `sync`: decoding can start at this frame. */
  add(frame: LiveFrame, sync: boolean): void {
    if (sync) {
      this.clear()
      this.#filling = true
    }
    if (!this.#filling) return
    const { body, plain } = frame
    this.#bytes += body.byteLength + FRAME_OVERHEAD_BYTES
    if (plain && plain !== body) this.#bytes += plain.byteLength
    if (this.#bytes > this.#maxBytes) this.clear()
    else this.#frames.push(frame)
  }

  clear(): void {
    this.#frames = []
    this.#bytes = 0
    this.#filling = false
  }
}
