/**
 * Buffers for everything that is on its way to a disk, shared by all logs and with the thread that writes: a
 * log holds one only while something waits, and what one gives back is warm in the processor's cache for the next.
 * The first ones lie in one piece of memory, of which that thread needs to be told nothing but a place.
 */
export const BUFFER_BYTES = 256 * 1024
/** What stays for later: of memory, only as much as was ever filled. */
const MAX_SPARE = 64

export type SharedBuffer = Buffer<SharedArrayBuffer>

export class WriteBuffers {
  /** Grows with the number of buffers; no page of it is there before it is filled. */
  readonly memory = new SharedArrayBuffer(0, { maxByteLength: MAX_SPARE * BUFFER_BYTES })
  readonly #spare: SharedBuffer[] = []

  /** Of at least `bytes`. */
  take(bytes: number): SharedBuffer {
    if (bytes > BUFFER_BYTES) return Buffer.from(new SharedArrayBuffer(bytes))
    const spare = this.#spare.pop()
    if (spare) return spare
    const end = this.memory.byteLength
    if (end === this.memory.maxByteLength) return Buffer.from(new SharedArrayBuffer(BUFFER_BYTES))
    this.memory.grow(end + BUFFER_BYTES)
    return Buffer.from(this.memory, end, BUFFER_BYTES)
  }

  giveBack(buffer: SharedBuffer): void {
    if (buffer.buffer === this.memory) this.#spare.push(buffer)
  }
}
