/** A growing buffer for small things to send: commands, control messages, metadata. Big endian unless said. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(256)
  #length = 0

  get length(): number {
    return this.#length
  }

  writeU8(value: number): this {
    const at = this.#room(1)
    this.#bytes[at] = value
    return this
  }

  writeU16(value: number): this {
    const at = this.#room(2)
    this.#bytes.writeUInt16BE(value, at)
    return this
  }

  writeU24(value: number): this {
    const at = this.#room(3)
    this.#bytes.writeUIntBE(value, at, 3)
    return this
  }

  writeU32(value: number): this {
    const at = this.#room(4)
    this.#bytes.writeUInt32BE(value, at)
    return this
  }

  writeU32Le(value: number): this {
    const at = this.#room(4)
    this.#bytes.writeUInt32LE(value, at)
    return this
  }

  writeF64(value: number): this {
    const at = this.#room(8)
    this.#bytes.writeDoubleBE(value, at)
    return this
  }

  writeBytes(bytes: Uint8Array): this {
    const at = this.#room(bytes.byteLength)
    this.#bytes.set(bytes, at)
    return this
  }

  /** What was written, without a copy; write no more afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Grows before anything is written: callers take the index first, then touch the buffer. */
  #room(length: number): number {
    const at = this.#length
    const end = at + length
    if (end > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(end, this.#bytes.length * 2))
      this.#bytes.copy(grown, 0, 0, at)
      this.#bytes = grown
    }
    this.#length = end
    return at
  }
}
