/** One session on its way into parts: rotates when the decoder configuration changes, and tells the ledger. */
import type { MediaMessage } from '../ingest/media-message.ts'
import { describeError } from '../kernel/errors.ts'
import type { BroadcastLog } from './broadcast-log.ts'
import type { FlushTimer } from './flush-timer.ts'
import type { LogFile } from './log-file.ts'
import type { LogGrowth } from './log-growth.ts'
import { LogWriter } from './log-writer.ts'
import { PartHead } from './part-head.ts'
import type { RecordedSession, SessionToRecord } from './recorder.ts'
import type { OpenedPart, RecordingLedger } from './recording-ledger.ts'
import type { WriteBuffers } from './write-buffers.ts'

interface SessionRecordingOptions {
  readonly session: SessionToRecord
  readonly firstPart: number
  readonly firstFile: LogFile
  readonly createPart: (part: number) => Promise<LogFile>
  readonly createIndex: (part: number) => Promise<LogFile>
  readonly timer: FlushTimer
  readonly buffers: WriteBuffers
  readonly log: BroadcastLog
  readonly ledger: RecordingLedger
}

export class SessionRecording implements RecordedSession {
  readonly #options: SessionRecordingOptions
  readonly #head = new PartHead()
  #part: number
  #writer: LogWriter
  #drain: (() => void) | undefined
  #onFailure: ((error: Error) => void) | undefined
  #failure: Error | undefined
  /** Parts that are being closed, and the news of them told. */
  readonly #closings = new Set<Promise<void>>()
  #open: { readonly writer: LogWriter; readonly opened: OpenedPart }
  #closed: Promise<void> | undefined

  constructor(options: SessionRecordingOptions) {
    this.#options = options
    this.#part = options.firstPart
    this.#open = this.#begin(Promise.resolve(options.firstFile))
    this.#writer = this.#open.writer
  }

  get currentPart(): number {
    return this.#part
  }

  nextPart(): number {
    return this.#part + 1
  }

  get growth(): LogGrowth {
    return this.#writer.growth
  }

  write(message: MediaMessage): boolean {
    if (this.#closed || this.#failure) return true
    if (this.#head.observe(message) === 'changed') this.#rotate(message)
    return this.#writer.write(message)
  }

  flush(): void {
    this.#writer.flush()
  }

  onDrain(listener: () => void): void {
    this.#drain = listener
  }

  onFailure(listener: (error: Error) => void): void {
    this.#onFailure = listener
    if (this.#failure) listener(this.#failure)
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.#finish(this.#open)
      this.#closed = Promise.all(this.#closings).then(() => undefined)
    }
    return this.#closed
  }

  #rotate(message: MediaMessage): void {
    this.#finish(this.#open)
    this.#part += 1
    this.#open = this.#begin(this.#options.createPart(this.#part))
    this.#writer = this.#open.writer
    for (const header of this.#head.messages(message.timestampMs)) this.#writer.write(header)
  }

  #begin(file: Promise<LogFile>) {
    const { session, timer, buffers, log, ledger, createIndex } = this.#options
    const index = createIndex(this.#part)
    // Whoever waits for it hears of the failure; nobody may be waiting yet.
    index.catch(() => undefined)
    file.catch(() => undefined)
    const writer: LogWriter = new LogWriter({
      file,
      index,
      timer,
      buffers,
      onDrain: () => {
        if (writer === this.#writer) this.#drain?.()
      },
      onFailure: (error) => {
        this.#failure ??= error
        this.#onFailure?.(error)
      },
    })
    const { broadcastId, sessionId } = session
    const opened: OpenedPart = { broadcastId, sessionId, part: this.#part, startedAt: new Date() }
    log.opened(this.#part, writer.growth)
    ledger.partOpened(opened)
    return { writer, opened }
  }

  #finish({ writer, opened }: { writer: LogWriter; opened: OpenedPart }): void {
    const closing = writer.close().then(() => {
      this.#closings.delete(closing)
      this.#options.ledger.partClosed({
        ...opened,
        endedAt: new Date(),
        bytes: writer.growth.bytes,
        durationSeconds: writer.durationSeconds,
        pauses: writer.pauses,
        ...(writer.failed && this.#failure ? { failure: describeError(this.#failure) } : {}),
      })
    })
    this.#closings.add(closing)
  }
}
