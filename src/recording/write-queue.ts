/**
 * Bytes on their way to a log's file: copied into a buffer, written by one asynchronous call when enough
 * are there or somebody says so. One write is under way at a time; what comes meanwhile gathers in the
 * next buffer, and past its end in a queue of them.
 *
 * Every buffer ends where a tag ends, so after a failed write the file can be cut to a whole tag.
 */
import type { LogFile } from './log-file.ts'
import type { SharedBuffer, WriteBuffers } from './write-buffers.ts'

const WRITE_AT_BYTES = 192 * 1024
const HIGH_WATER_BYTES = 4 * 1024 * 1024
const LOW_WATER_BYTES = 2 * 1024 * 1024

export interface WriteQueueEvents {
  /** `bytes` in all are in the file. */
  readonly onWritten: (bytes: number) => void
  /** Room again after `isFull`. */
  readonly onDrain: () => void
  /** The write failed: `bytes` are in the file, the last `partial` of which are the beginning of `buffer`. */
  readonly onError: (error: Error, bytes: number, buffer: Uint8Array, partial: number) => void
}

interface Filled {
  readonly buffer: SharedBuffer
  readonly length: number
}

export class WriteQueue {
  readonly #events: WriteQueueEvents
  readonly #buffers: WriteBuffers
  /** Full ones that wait for the write under way, or for the file. */
  readonly #queued: Filled[] = []
  #queuedBytes = 0
  #file: LogFile | undefined
  /** The one that is being filled; none while nothing waits. */
  #buffer: SharedBuffer | undefined
  #length = 0
  #writing = false
  #failed = false
  #full = false
  #written = 0
  #idle: (() => void)[] = []

  constructor(buffers: WriteBuffers, events: WriteQueueEvents) {
    this.#buffers = buffers
    this.#events = events
  }

  /** Bytes wait until there is a file. */
  start(file: LogFile): void {
    this.#file = file
    this.flush()
  }

  /** More waits for the disk than should. */
  get isFull(): boolean {
    return this.#full
  }

  /** Makes room for `bytes` in one piece and returns the buffer and where in it they go. */
  reserve(bytes: number): { buffer: Buffer; at: number } {
    if (this.#buffer && this.#length + bytes > this.#buffer.length) this.#turnOver()
    this.#buffer ??= this.#buffers.take(bytes)
    const at = this.#length
    this.#length += bytes
    return { buffer: this.#buffer, at }
  }

  /** After what was reserved is filled in. */
  commit(): void {
    if (this.#length >= WRITE_AT_BYTES) this.flush()
    this.#full ||= this.#queuedBytes + this.#length > HIGH_WATER_BYTES
  }

  /** Begins to write what waits, unless a write is under way. */
  flush(): void {
    if (this.#failed || this.#writing || !this.#file) return
    if (this.#queued.length === 0) this.#turnOver()
    const next = this.#queued.shift()
    if (!next) return
    this.#queuedBytes -= next.length
    this.#write(next, 0)
  }

  /** Resolves when everything is written, or writing has failed. */
  async finished(): Promise<void> {
    this.flush()
    while (!this.#failed && (this.#writing || this.#length > 0 || this.#queued.length > 0)) {
      await new Promise<void>((resolve) => this.#idle.push(resolve))
      this.flush()
    }
  }

  /** Resolves when no write is under way. */
  async settled(): Promise<void> {
    while (this.#writing) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Drops what waits; nothing more is written. */
  abandon(): void {
    this.#failed = true
    this.#queued.length = 0
    this.#queuedBytes = 0
    this.#buffer = undefined
    this.#length = 0
    this.#wakeIdle()
  }

  #turnOver(): void {
    if (!this.#buffer || this.#length === 0) return
    this.#queued.push({ buffer: this.#buffer, length: this.#length })
    this.#queuedBytes += this.#length
    this.#buffer = undefined
    this.#length = 0
  }

  #write(filled: Filled, offset: number): void {
    const { buffer, length } = filled
    this.#writing = true
    this.#file?.write(buffer, offset, length - offset, (error, written) => {
      this.#written += error ? 0 : written
      // A short write that makes no progress would be tried for ever.
      const stuck = !error && written === 0 ? new Error('the disk took no bytes') : error
      if (stuck) {
        this.#writing = false
        this.abandon()
        this.#events.onError(stuck, this.#written, buffer, offset)
      } else if (offset + written < length) {
        this.#write(filled, offset + written)
      } else {
        this.#buffers.giveBack(buffer)
        this.#events.onWritten(this.#written)
        this.#next()
      }
    })
  }

  #next(): void {
    this.#writing = false
    if (this.#full && this.#queuedBytes + this.#length < LOW_WATER_BYTES) {
      this.#full = false
      this.#events.onDrain()
    }
    if (this.#queued.length > 0 || this.#length >= WRITE_AT_BYTES) this.flush()
    if (!this.#writing) this.#wakeIdle()
  }

  #wakeIdle(): void {
    const idle = this.#idle
    this.#idle = []
    for (const wake of idle) wake()
  }
}
