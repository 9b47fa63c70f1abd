/**
 * Bytes on their way to a log's file: copied into a preallocated buffer, written by one asynchronous
 * call when 256 KiB are there or the timer says so, buffers used again. One write is under way at a
 * time; what comes meanwhile gathers in the next buffer, and past its limit in a queue of them.
 *
 * Every buffer ends where a tag ends, so after a failed write the file can be cut to a whole tag.
 */
import type { LogFile } from './log-file.ts'

const FIRST_BUFFER_BYTES = 64 * 1024
const LARGEST_BUFFER_BYTES = 1024 * 1024
const WRITE_AT_BYTES = 256 * 1024
const HIGH_WATER_BYTES = 4 * 1024 * 1024
const LOW_WATER_BYTES = 2 * 1024 * 1024
const SPARE_BUFFERS = 2

export interface WriteQueueEvents {
  /** `bytes` in all are in the file. */
  readonly onWritten: (bytes: number) => void
  /** Room again after `isFull`. */
  readonly onDrain: () => void
  /** The write failed: `bytes` are in the file, the last `partial` of which are the beginning of `buffer`. */
  readonly onError: (error: Error, bytes: number, buffer: Uint8Array, partial: number) => void
}

export class WriteQueue {
  readonly #events: WriteQueueEvents
  readonly #spare: Buffer<ArrayBuffer>[] = []
  readonly #queued: { buffer: Buffer<ArrayBuffer>; length: number }[] = []
  #queuedBytes = 0
  #file: LogFile | undefined
  #buffer = Buffer.allocUnsafeSlow(FIRST_BUFFER_BYTES)
  #length = 0
  #writing = false
  #failed = false
  #full = false
  #written = 0
  #idle: (() => void)[] = []

  constructor(events: WriteQueueEvents) {
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
    if (this.#length + bytes > this.#buffer.length) this.#makeRoom(bytes)
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
    // What had to wait for the file goes first.
    const queued = this.#queued.shift()
    if (queued) {
      this.#queuedBytes -= queued.length
      this.#write(queued.buffer, 0, queued.length)
      return
    }
    if (this.#length === 0) return
    const buffer = this.#buffer
    const length = this.#length
    this.#buffer = this.#spare.pop() ?? Buffer.allocUnsafeSlow(buffer.length)
    this.#length = 0
    this.#write(buffer, 0, length)
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
    this.#length = 0
    this.#wakeIdle()
  }

  #makeRoom(bytes: number): void {
    if (this.#buffer.length < LARGEST_BUFFER_BYTES) {
      const size = Math.min(LARGEST_BUFFER_BYTES, Math.max(this.#buffer.length * 2, this.#length + bytes))
      const grown = Buffer.allocUnsafeSlow(size)
      this.#buffer.copy(grown, 0, 0, this.#length)
      this.#buffer = grown
      if (this.#length + bytes <= size) return
    }
    if (this.#length > 0 && !this.#writing && this.#file && this.#queued.length === 0) this.flush()
    else if (this.#length > 0) {
      this.#queued.push({ buffer: this.#buffer, length: this.#length })
      this.#queuedBytes += this.#length
      this.#buffer = this.#spare.pop() ?? Buffer.allocUnsafeSlow(LARGEST_BUFFER_BYTES)
      this.#length = 0
    }
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(bytes)
  }

  #write(buffer: Buffer<ArrayBuffer>, offset: number, length: number): void {
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
        this.#write(buffer, offset + written, length)
      } else {
        this.#events.onWritten(this.#written)
        this.#next(buffer)
      }
    })
  }

  #next(done: Buffer<ArrayBuffer>): void {
    if (this.#spare.length < SPARE_BUFFERS && done.length <= LARGEST_BUFFER_BYTES) this.#spare.push(done)
    const next = this.#queued.shift()
    if (next) this.#queuedBytes -= next.length
    if (this.#full && this.#queuedBytes + this.#length < LOW_WATER_BYTES) {
      this.#full = false
      this.#events.onDrain()
    }
    if (this.#failed) {
      this.#writing = false
      this.#wakeIdle()
      return
    }
    if (next) {
      this.#write(next.buffer, 0, next.length)
      return
    }
    this.#writing = false
    if (this.#length >= WRITE_AT_BYTES) this.flush()
    if (!this.#writing) this.#wakeIdle()
  }

  #wakeIdle(): void {
    const idle = this.#idle
    this.#idle = []
    for (const wake of idle) wake()
  }
}
