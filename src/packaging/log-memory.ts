/**
 * The buffers that logs are read into, used again. Packets are views of them until their segment is stored, so
 * they would be garbage of the expensive kind: the more is allocated outside its heap, the sooner V8 collects.
 *
 * What has been packaged is never looked at again: going on from the place that a segment's line names gives
 * the same segments (timeline.ts). So a buffer is free when all of it lies before that place.
 */
import { isBefore, type LogPosition } from './timeline.ts'

/** The usual read of a log, of which one is held for each broadcast between two keyframes. */
const BUFFER_BYTES = 256 * 1024
/** Kept while nobody has a use for them. */
const MAX_SPARE = 32

/** Shared by all that is packaged in a process. */
export class LogBuffers {
  readonly #spare: Buffer[] = []

  take(bytes: number): Buffer {
    if (bytes > BUFFER_BYTES) return Buffer.allocUnsafeSlow(bytes)
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES)
  }

  /** Nobody has a view of it any more. */
  give(buffer: Buffer): void {
    if (buffer.byteLength === BUFFER_BYTES && this.#spare.length < MAX_SPARE) this.#spare.push(buffer)
  }
}

interface Held {
  readonly buffer: Buffer
  /** Where what was read into it ends; undefined: nobody has seen it. */
  until: LogPosition | undefined
}

/** What one run of packaging holds. What it still has when it is dropped is ordinary garbage. */
export class LogMemory {
  readonly #buffers: LogBuffers
  /** In the order of reading. */
  readonly #held: Held[] = []

  constructor(buffers: LogBuffers) {
    this.#buffers = buffers
  }

  /** For `readLog`: to be read into before the next one is taken. */
  readonly take = (bytes: number): Buffer => {
    if (this.#held.at(-1)?.until === undefined) this.#free(this.#held.length - 1, 1)
    const buffer = this.#buffers.take(bytes)
    this.#held.push({ buffer, until: undefined })
    return buffer
  }

  /** What was read into the one taken last ends there. */
  holds(until: LogPosition): void {
    const last = this.#held.at(-1)
    if (last) last.until = until
  }

  /** Everything before has been stored. */
  release(before: LogPosition): void {
    const kept = this.#held.findIndex(({ until }) => !until || isBefore(before, until))
    this.#free(0, kept === -1 ? this.#held.length : kept)
  }

  #free(from: number, count: number): void {
    for (const { buffer } of this.#held.splice(from, count)) this.#buffers.give(buffer)
  }
}
