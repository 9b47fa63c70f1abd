/** A cursor over bits, most significant first, for parameter sets. Reads past the end throw MalformedError. */
import { MalformedError } from '../bytes/malformed-error.ts'

export class BitReader {
  readonly #bytes: Uint8Array
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  readBit(): number {
    const byte = this.#bytes[this.#position >> 3]
    if (byte === undefined)
      throw new MalformedError(`wanted bit ${this.#position}, have ${this.#bytes.length * 8}`)
    return (byte >> (7 - (this.#position++ & 7))) & 1
  }

  readFlag(): boolean {
    return this.readBit() === 1
  }

  /** Unsigned, up to 32 bits. */
  readBits(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value = value * 2 + this.readBit()
    return value
  }

  skipBits(count: number): void {
    this.#position += count
  }

  /** Exponential Golomb, unsigned. Spec: ITU-T H.264 (08/2021) §9.1 */
  readUe(): number {
    let zeros = 0
    while (this.readBit() === 0) {
      if (++zeros > 31) throw new MalformedError('exponential Golomb code longer than 32 bits')
    }
    return 2 ** zeros - 1 + this.readBits(zeros)
  }

  /** Exponential Golomb, signed. */
  readSe(): number {
    const code = this.readUe()
    return code & 1 ? (code + 1) / 2 : -code / 2
  }
}

/** A NAL unit's payload without emulation prevention bytes. Spec: ITU-T H.264 (08/2021) §7.4.1.1 */
export function unescapeNalUnit(nal: Uint8Array): Uint8Array {
  const out = new Uint8Array(nal.byteLength)
  let length = 0
  let zeros = 0
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    out[length++] = byte
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return out.subarray(0, length)
}
