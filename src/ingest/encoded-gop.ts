/**
 * The frames that who joins is sent first, as bytes: made once for each format and shared by all who
 * join during the same group of pictures, each time only what came since. A crowd that joins at once
 * costs one group of pictures, not one for each of them.
 */
import { encodeFrames, type LiveFormat } from './live-format.ts'
import type { LiveFrame } from './live-frame.ts'

interface Encoded {
  readonly pieces: Buffer[]
  frames: number
}

export class EncodedGop {
  /** By the cache's array, which is another one for each group of pictures: forgotten together. */
  readonly #known = new WeakMap<readonly LiveFrame[], Map<LiveFormat, Encoded>>()

  /** `frames`: GopCache's, to which frames are only added. Not to be written to. */
  encode(format: LiveFormat, frames: readonly LiveFrame[]): readonly Buffer[] {
    const formats = this.#known.get(frames) ?? new Map<LiveFormat, Encoded>()
    const encoded = formats.get(format) ?? { pieces: [], frames: 0 }
    if (encoded.frames < frames.length) {
      encoded.pieces.push(encodeFrames(format, frames.slice(encoded.frames)))
      encoded.frames = frames.length
    }
    this.#known.set(frames, formats.set(format, encoded))
    return encoded.pieces
  }
}
