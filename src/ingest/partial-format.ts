/** One player's own format, for who wants no sound or no picture for a while (receiveAudio, receiveVideo). */
import type { LiveFormat } from './live-format.ts'
import type { LiveFrame } from './live-frame.ts'

export class PartialFormat implements LiveFormat {
  readonly #whole: LiveFormat
  readonly #leftOut: ReadonlySet<number>

  /** `leftOut`: message types; the owner adds and takes away. */
  constructor(whole: LiveFormat, leftOut: ReadonlySet<number>) {
    this.#whole = whole
    this.#leftOut = leftOut
  }

  byteLength(frame: LiveFrame): number {
    return this.#leftOut.has(frame.type) ? 0 : this.#whole.byteLength(frame)
  }

  write(into: Buffer, at: number, frame: LiveFrame): number {
    return this.#leftOut.has(frame.type) ? at : this.#whole.write(into, at, frame)
  }
}
