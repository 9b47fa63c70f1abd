/**
 * One part of a recording being written: an FLV file that only grows, holding the messages as they
 * came, with the timestamps they had. At every instant the file is a playable FLV apart from a cut
 * last tag. Beside it grows the keyframe index.
 *
 * When the disk refuses, the file is cut after its last whole tag, the failure is told once, and
 * everything written later is dropped: ingest never sees a throw.
 */

import { encodeFileHeader, FILE_HEADER_BYTES } from '../formats/flv/file-header.ts'
import {
  encodeTagHeader,
  encodeTagTrailer,
  MAX_BODY_BYTES,
  readTagHeader,
  TAG_HEADER_BYTES,
  TAG_OVERHEAD_BYTES,
} from '../formats/flv/tag-header.ts'
import { readVideoTag } from '../formats/flv/video-tag.ts'
import { AUDIO, type MediaMessage, VIDEO } from '../ingest/media-message.ts'
import { ArrivalPauses } from './arrival-pauses.ts'
import type { Flushable, FlushTimer } from './flush-timer.ts'
import { encodeIndexRecord, type IndexRecord } from './keyframe-index.ts'
import type { LogFile } from './log-file.ts'
import { LogGrowth } from './log-growth.ts'
import { CLOCK_AT_ZERO, type ClockState, mapTimestamp } from './timestamp-repair.ts'
import type { WriteBuffers } from './write-buffers.ts'
import { WriteQueue } from './write-queue.ts'

export interface LogWriterOptions {
  /** May still be on its way: tags wait for it. A rejection is a failure of the disk. */
  readonly file: Promise<LogFile>
  /** The index may fail without harm. */
  readonly index: Promise<LogFile>
  readonly timer: FlushTimer
  readonly buffers: WriteBuffers
  readonly onDrain: () => void
  /** Once; the file is cut to whole tags when it is called. */
  readonly onFailure: (error: Error) => void
}

export class LogWriter implements Flushable {
  readonly growth = new LogGrowth()
  readonly #options: LogWriterOptions
  readonly #queue: WriteQueue
  #file: LogFile | undefined
  #index: LogFile | undefined
  #keyframes: IndexRecord[] = []
  /** Where the last one begins in the file. */
  #keyframeAt = -1
  #indexing = false
  #onIndexIdle: (() => void) | undefined
  /** Offset in the file of the next tag. */
  #end = 0
  #clock: ClockState = CLOCK_AT_ZERO
  readonly #pauses = new ArrivalPauses()
  #dirty = false
  #syncing: Promise<void> | undefined
  #failure: Promise<void> | undefined
  #closing: Promise<void> | undefined
  readonly #opened: Promise<void>

  constructor(options: LogWriterOptions) {
    this.#options = options
    this.#queue = new WriteQueue(options.buffers, {
      onWritten: (bytes) => this.#onWritten(bytes),
      onDrain: options.onDrain,
      onError: (error, bytes, buffer, partial) =>
        this.#fail(error, bytes - partial + wholeTags(buffer, partial, bytes - partial === 0)),
    })
    const { buffer, at } = this.#queue.reserve(FILE_HEADER_BYTES)
    buffer.set(encodeFileHeader(), at)
    this.#end = FILE_HEADER_BYTES
    options.timer.add(this)
    this.#opened = this.#open()
  }

  /** Bytes written or waiting to be. */
  get bytes(): number {
    return this.#end
  }

  /** Seconds of media, repaired. */
  get durationSeconds(): number {
    return this.#clock.end / 1000
  }

  get pauses(): ArrivalPauses['list'] {
    return this.#pauses.list
  }

  get failed(): boolean {
    return this.#failure !== undefined
  }

  /** Copies the message. False: more waits for the disk than should; stop until `onDrain`. */
  write(message: MediaMessage): boolean {
    if (this.#failure || this.#closing) return true
    const { type, timestampMs, byteLength } = message
    if (byteLength > MAX_BODY_BYTES) return true
    const { buffer, at } = this.#queue.reserve(byteLength + TAG_OVERHEAD_BYTES)
    encodeTagHeader(buffer, at, type, byteLength, timestampMs)
    const bodyAt = at + TAG_HEADER_BYTES
    let next = bodyAt
    for (const part of message.parts) {
      buffer.set(part, next)
      next += part.byteLength
    }
    encodeTagTrailer(buffer, next, byteLength)
    if (byteLength > 0) this.#note(type, timestampMs, buffer, bodyAt, byteLength)
    this.#end += byteLength + TAG_OVERHEAD_BYTES
    this.#queue.commit()
    return !this.#queue.isFull
  }

  flush(): void {
    this.#queue.flush()
  }

  sync(): void {
    if (!this.#dirty || this.#syncing || !this.#file || this.#failure) return
    this.#dirty = false
    const file = this.#file
    this.#syncing = new Promise((resolve) => {
      file.sync((error) => {
        this.#syncing = undefined
        if (error) this.#fail(error)
        resolve()
      })
    })
  }

  /** Resolves when everything is on disk, or the failure is dealt with. Never rejects; idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #open(): Promise<void> {
    this.#options.index.then(
      (index) => {
        this.#index = index
      },
      () => undefined,
    )
    try {
      this.#file = await this.#options.file
      this.#queue.start(this.#file)
    } catch (error) {
      this.#queue.abandon()
      this.#fail(error instanceof Error ? error : new Error(String(error)), 0)
    }
  }

  #note(type: number, timestampMs: number, buffer: Buffer, bodyAt: number, byteLength: number): void {
    if (type !== AUDIO && type !== VIDEO) return
    this.#pauses.note(this.durationSeconds)
    const first = buffer[bodyAt] ?? 0
    if (type === VIDEO) {
      // Most frames are no keyframes, and their first byte says so.
      if (((first >> 4) & 7) === 1) {
        const tag = readVideoTag(buffer.subarray(bodyAt, bodyAt + byteLength))
        if (tag?.packet === 'sequence-start') return
        if (tag?.packet === 'frame') {
          this.#keyframes.push({ offset: this.#end, timestampMs })
          this.#keyframeAt = this.#end
        }
      }
    } else if (first >> 4 === 10 && buffer[bodyAt + 1] === 0) return
    this.#clock = mapTimestamp(this.#clock, type === VIDEO ? 'video' : 'audio', timestampMs)[0]
  }

  #onWritten(bytes: number): void {
    this.#dirty = true
    this.growth.grown(bytes, this.#keyframeAt >= this.growth.bytes && this.#keyframeAt < bytes)
    this.#writeIndex(bytes)
  }

  /** Never ahead of the part itself, and one write at a time, so that records stay in order. */
  #writeIndex(bytes: number, done?: () => void): void {
    const ready = this.#keyframes.filter((record) => record.offset < bytes)
    if (done) this.#onIndexIdle = done
    if (this.#indexing) return
    if (ready.length === 0 || !this.#index) {
      this.#onIndexIdle?.()
      return
    }
    this.#keyframes = this.#keyframes.filter((record) => record.offset >= bytes)
    const records = Buffer.concat(ready.map(encodeIndexRecord))
    this.#indexing = true
    this.#index.write(records, 0, records.length, (error, written) => {
      this.#indexing = false
      // A missing or damaged index is rebuilt when it is needed.
      if (error || written < records.length) this.#index = undefined
      this.#writeIndex(this.growth.bytes)
    })
  }

  /** `wholeBytes`: where the last whole tag ends; not given when all that was written is whole. */
  #fail(error: Error, wholeBytes?: number): void {
    this.#failure ??= this.#cut(wholeBytes).then(() => this.#options.onFailure(error))
  }

  async #cut(given: number | undefined): Promise<void> {
    this.#queue.abandon()
    this.#options.timer.remove(this)
    await this.#queue.settled()
    const wholeBytes = given ?? this.growth.bytes
    await this.#file?.truncate(wholeBytes).catch(() => undefined)
    // What it took so far is as good as any other recording.
    await new Promise<void>((resolve) => (this.#file ? this.#file.sync(() => resolve()) : resolve()))
    this.growth.grown(wholeBytes, false)
    this.growth.end()
  }

  async #close(): Promise<void> {
    await this.#opened
    await this.#queue.finished()
    this.#options.timer.remove(this)
    await this.#syncing
    this.sync()
    await this.#syncing
    await this.#failure
    const index = await this.#options.index.catch(() => undefined)
    await new Promise<void>((resolve) => this.#writeIndex(this.growth.bytes, resolve))
    await Promise.all([this.#file?.close().catch(() => undefined), index?.close().catch(() => undefined)])
    this.growth.end()
  }
}

/** How many of a buffer's first `length` bytes are whole tags (after the file header, in the first buffer). */
function wholeTags(buffer: Uint8Array, length: number, withFileHeader: boolean): number {
  let at = withFileHeader ? FILE_HEADER_BYTES : 0
  if (at > length) return 0
  for (;;) {
    const header = at + TAG_HEADER_BYTES <= length ? readTagHeader(buffer, at) : undefined
    if (!header || at + header.bodyBytes + TAG_OVERHEAD_BYTES > length) return at
    at += header.bodyBytes + TAG_OVERHEAD_BYTES
  }
}
