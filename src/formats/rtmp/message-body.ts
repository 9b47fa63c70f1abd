/**
 * A message's body while its chunks arrive. What is there when a read of the socket ends is kept in a
 * block of our own, so that no read outlives its turn: memory is what was received of the message,
 * whatever the sizes of reads and chunks. What arrives whole within one read is never copied.
 */
const FIRST_BLOCK_BYTES = 1024
const KEPT_BLOCK_BYTES = 16 * 1024
/** Below this, one copy costs less than a view and its copy downstream (default chunks have 128 bytes). */
const VIEW_FROM_BYTES = 1024

export class MessageBody {
  #block: Buffer | undefined
  #used = 0
  /** In order, after the block. */
  #views: Uint8Array[] = []
  #received = 0

  get received(): number {
    return this.#received
  }

  /** Memory held for the next message. */
  get keptBytes(): number {
    return this.#block?.length ?? 0
  }

  append(data: Uint8Array, start: number, end: number, expected: number): void {
    const length = end - start
    this.#received += length
    if (this.#views.length > 0 || length >= VIEW_FROM_BYTES || length === expected) {
      this.#views.push(data.subarray(start, end))
      return
    }
    this.#copy(data.subarray(start, end), expected)
  }

  /** The read's buffer is about to be given back: keep what of it is ours. */
  hold(expected: number): void {
    if (this.#views.length === 0) return
    for (const view of this.#views) this.#copy(view, expected)
    this.#views = []
  }

  /** The whole body; the next `append` begins another, and may overwrite this one. */
  take(): Uint8Array[] {
    const parts = this.#views
    const block = this.#block
    if (block && this.#used > 0) {
      parts.unshift(block.subarray(0, this.#used))
      if (block.length > KEPT_BLOCK_BYTES) this.#block = undefined
    }
    this.#views = []
    this.#used = 0
    this.#received = 0
    return parts
  }

  #copy(bytes: Uint8Array, expected: number): void {
    const needed = this.#used + bytes.byteLength
    const block = this.#block
    if (!block || needed > block.length) {
      // Doubling keeps copying linear; what was only announced is not allocated.
      const doubled = Math.max(needed, (block?.length ?? 0) * 2, FIRST_BLOCK_BYTES)
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(doubled, expected)))
      block?.copy(grown, 0, 0, this.#used)
      this.#block = grown
    }
    this.#block?.set(bytes, this.#used)
    this.#used = needed
  }
}
