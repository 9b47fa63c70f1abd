/**
 * Records the sessions of broadcasts: one log of numbered parts for each broadcast. A new session
 * begins a new part, and so does a new decoder configuration within a session.
 */
import path from 'node:path'
import type { MediaMessage } from '../ingest/media-message.ts'
import { AppError, describeError } from '../kernel/errors.ts'
import type { BroadcastId, SessionId } from '../kernel/ids.ts'
import type { StoragePaths } from '../media/layout.ts'
import { BroadcastLog, finishedLog, partsOnDisk } from './broadcast-log.ts'
import { FlushTimer } from './flush-timer.ts'
import { createLogFile, type LogFile } from './log-file.ts'
import type { LogGrowth } from './log-growth.ts'
import type { RecordingLedger } from './recording-ledger.ts'
import { SessionRecording } from './session-recording.ts'
import { WriteBuffers } from './write-buffers.ts'
import { WriteThread } from './write-thread.ts'

export interface SessionToRecord {
  readonly broadcastId: BroadcastId
  readonly sessionId: SessionId
  /** Number of the session's first part; a higher one is taken when that file exists already. */
  readonly firstPart: number
}

/** The log of one session, being written. `write` never throws. */
export interface RecordedSession {
  /** Copies the message. False: stop reading from the encoder until `onDrain`. */
  write(message: MediaMessage): boolean
  /** Writes what waits. */
  flush(): void
  onDrain(listener: () => void): void
  /** The disk refused: nothing more is recorded. At most once; at once when it has happened already. */
  onFailure(listener: (error: Error) => void): void
  /** Resolves when everything is on disk and the part is closed. Never rejects; idempotent. */
  close(): Promise<void>
  readonly currentPart: number
  /** The number the next session of the broadcast begins with. */
  nextPart(): number
  /** Of the current part. */
  readonly growth: LogGrowth
}

export interface RecorderOptions {
  readonly paths: StoragePaths
  readonly ledger: RecordingLedger
  /** Tests put a failing disk here. */
  readonly createFile?: typeof createLogFile
}

export class Recorder implements AsyncDisposable {
  readonly #paths: StoragePaths
  readonly #ledger: RecordingLedger
  readonly #createFile: (file: string) => Promise<LogFile>
  readonly #timer = new FlushTimer()
  readonly #buffers = new WriteBuffers()
  readonly #thread = new WriteThread(this.#buffers.memory)
  readonly #logs = new Map<BroadcastId, BroadcastLog>()

  constructor(options: RecorderOptions) {
    this.#paths = options.paths
    this.#ledger = options.ledger
    const { createFile = createLogFile } = options
    this.#createFile = (file) => createFile(file, this.#thread)
  }

  /** Opens the next part of the broadcast's log. Throws AppError `disk-full` or `recording-failed`. */
  async openSession(session: SessionToRecord): Promise<RecordedSession> {
    const { broadcastId } = session
    const log = this.log(broadcastId)
    let opening: number | undefined
    try {
      const onDisk = await partsOnDisk(this.#paths.recording(broadcastId))
      const part = Math.max(session.firstPart, (onDisk.at(-1) ?? -1) + 1)
      opening = part
      log.opening(part)
      const file = await this.#createFile(this.#paths.recordingPart(broadcastId, part))
      await file.named.catch(async (error: unknown) => {
        await file.close()
        throw error
      })
      return new SessionRecording({
        session,
        firstPart: part,
        firstFile: file,
        createPart: (number) => this.#createFile(this.#paths.recordingPart(broadcastId, number)),
        createIndex: (number) => this.#createFile(this.#paths.recordingIndex(broadcastId, number)),
        timer: this.#timer,
        buffers: this.#buffers,
        log,
        ledger: this.#ledger,
      })
    } catch (error) {
      if (opening !== undefined) log.notOpened(opening)
      const full = (error as NodeJS.ErrnoException).code === 'ENOSPC'
      const folder = path.dirname(this.#paths.recordingPart(broadcastId, 0))
      throw full
        ? new AppError('disk-full', `The disk is full: nothing can be recorded in ${folder}.`, {
            cause: error,
          })
        : new AppError('recording-failed', `Cannot record in ${folder}: ${describeError(error)}`, {
            cause: error,
          })
    }
  }

  /** The broadcast's log for readers, from its first part on. */
  log(broadcastId: BroadcastId): BroadcastLog {
    let log = this.#logs.get(broadcastId)
    if (!log) {
      log = new BroadcastLog(this.#paths.recording(broadcastId), (part) =>
        this.#paths.recordingPart(broadcastId, part),
      )
      this.#logs.set(broadcastId, log)
    }
    return log
  }

  /** No further session will come: readers of the log end, and it is forgotten here. */
  endBroadcast(broadcastId: BroadcastId): void {
    this.#logs.get(broadcastId)?.end()
    this.#logs.delete(broadcastId)
  }

  /** Every session is closed by then. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#thread[Symbol.asyncDispose]()
  }

  /** The whole log of a broadcast that is over: ended from the start. */
  finishedLog(broadcastId: BroadcastId): BroadcastLog {
    return finishedLog(this.#paths, broadcastId)
  }
}
