/**
 * A cursor over bytes that are all there. Every read is checked: one that goes past the end throws
 * MalformedError naming the interval wanted and the one held, and leaves the cursor where it was.
 */
import { MalformedError } from './malformed-error.ts'

export class ByteReader {
  readonly bytes: Uint8Array
  readonly #view: DataView
  /** Index of the next byte to read. */
  offset: number

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.offset = offset
  }

  get remaining(): number {
    return this.bytes.byteLength - this.offset
  }

  readU8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  readU16(): number {
    return this.#view.getUint16(this.#take(2))
  }

  readU24(): number {
    const at = this.#take(3)
    return this.#view.getUint16(at) * 256 + this.#view.getUint8(at + 2)
  }

  readU32(): number {
    return this.#view.getUint32(this.#take(4))
  }

  readU32Le(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  readI16(): number {
    return this.#view.getInt16(this.#take(2))
  }

  readF64(): number {
    return this.#view.getFloat64(this.#take(8))
  }

  /** A view, not a copy. */
  readBytes(length: number): Uint8Array {
    const at = this.#take(length)
    return this.bytes.subarray(at, at + length)
  }

  /** Bytes that are no UTF-8 become U+FFFD. */
  readUtf8(length: number): string {
    const at = this.#take(length)
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + at, length).toString('utf8')
  }

  #take(length: number): number {
    const at = this.offset
    if (length > this.bytes.byteLength - at) {
      throw new MalformedError(`wanted bytes [${at}, ${at + length}), have [0, ${this.bytes.byteLength})`)
    }
    this.offset = at + length
    return at
  }
}
