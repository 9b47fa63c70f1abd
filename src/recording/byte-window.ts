/** Bytes of a file by offset, read in blocks, of which one is kept: for readers that mostly go forward. */
import type { FileHandle } from 'node:fs/promises'

const BLOCK_BYTES = 1024 * 1024

export class ByteWindow {
  readonly #handle: FileHandle
  readonly #size: number
  #block: Buffer = Buffer.alloc(0)
  #from = 0

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle
    this.#size = size
  }

  /** As many of the `length` bytes from `at` as the file has. A view, valid until another place is asked for. */
  async at(at: number, length: number): Promise<Uint8Array> {
    const end = Math.min(this.#size, at + length)
    if (at >= end) return new Uint8Array()
    if (at < this.#from || end > this.#from + this.#block.byteLength) await this.#load(at, end)
    return this.#block.subarray(at - this.#from, end - this.#from)
  }

  /** A good many bytes from `at`. */
  ahead(at: number): Promise<Uint8Array> {
    return this.at(at, BLOCK_BYTES)
  }

  async #load(at: number, end: number): Promise<void> {
    const length = Math.min(this.#size - at, Math.max(BLOCK_BYTES, end - at))
    const block = Buffer.allocUnsafeSlow(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(block, filled, length - filled, at + filled)
      // Somebody cut the file meanwhile.
      if (bytesRead === 0) break
      filled += bytesRead
    }
    this.#block = block.subarray(0, filled)
    this.#from = at
  }
}
