/**
 * Buffers for everything that is on its way to a disk, shared by all logs: a log holds one only while
 * something waits, and what one gives back is warm in the processor's cache for the next.
 */
export const BUFFER_BYTES = 256 * 1024
/** What stays for later: of memory, only as much as was ever filled. */
const MAX_SPARE = 64

export class WriteBuffers {
  readonly #spare: Buffer<ArrayBuffer>[] = []

  /** Of at least `bytes`. */
  take(bytes: number): Buffer<ArrayBuffer> {
    if (bytes > BUFFER_BYTES) return Buffer.allocUnsafeSlow(bytes)
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES)
  }

  giveBack(buffer: Buffer<ArrayBuffer>): void {
    if (buffer.length === BUFFER_BYTES && this.#spare.length < MAX_SPARE) this.#spare.push(buffer)
  }
}
