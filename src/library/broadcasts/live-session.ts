/** One encoder's connection to a broadcast on air: what it sends goes into the log, and it may be stopped from our side. */
import { TAG_OVERHEAD_BYTES } from '../../formats/flv/tag-header.ts'
import type { MediaMessage } from '../../ingest/media-message.ts'
import type { PublishedSession, SessionEnding, SessionStop } from '../../ingest/publish-gate.ts'
import type { SessionId } from '../../kernel/ids.ts'
import type { SessionLog } from './broadcast-ports.ts'
import type { Sender } from './ended-encoders.ts'
import { refusalOfDisk, type StopReason } from './stop-reasons.ts'

/** An encoder that sent nothing for so long may be a socket whose other end is gone. */
const ALIVE_MS = 5000

export interface LiveSessionOptions {
  readonly sessionId: SessionId
  /** Public name of the stream. */
  readonly streamName: string
  readonly sender: Sender
  readonly log: SessionLog
  /** So many bytes more for the recording; else why there is no room for them. */
  readonly takeRoom: (bytes: number) => StopReason | undefined
  readonly onFailure: (error: Error) => void
  /** Called once: resolves when everything is on disk. */
  readonly onClose: (session: LiveSession, ending: SessionEnding) => Promise<void>
}

export class LiveSession implements PublishedSession {
  readonly #options: LiveSessionOptions
  /** Until somebody listens: what they are told then. */
  #early: Parameters<SessionStop> | undefined
  #stop: SessionStop | undefined
  #closed: Promise<void> | undefined
  #bytes = 0
  /** On performance.now's clock. */
  #lastReceivedMs = performance.now()
  /** The recording has no room: nothing is read from the encoder, so its silence says nothing. */
  #full = false
  /** The recording is as large as it may be: the session is being stopped. */
  #atLimit = false

  constructor(options: LiveSessionOptions) {
    this.#options = options
    options.log.onFailure((error) => {
      options.onFailure(error)
      void this.stop(...refusalOfDisk(error))
    })
  }

  get sessionId(): SessionId {
    return this.#options.sessionId
  }

  get streamName(): string {
    return this.#options.streamName
  }

  get sender(): Sender {
    return this.#options.sender
  }

  /** Of media, received and recorded. */
  get bytes(): number {
    return this.#bytes
  }

  /** The encoder is connected and was heard of a moment ago. */
  get alive(): boolean {
    if (this.#closed) return false
    return this.#full || performance.now() - this.#lastReceivedMs < ALIVE_MS
  }

  write(message: MediaMessage): boolean {
    this.#lastReceivedMs = performance.now()
    if (this.#atLimit) return true
    const noRoom = this.#options.takeRoom(message.byteLength + TAG_OVERHEAD_BYTES)
    if (noRoom) {
      this.#atLimit = true
      // Whoever writes goes on with the message it has in hand.
      queueMicrotask(() => void this.stop(...noRoom))
      return true
    }
    this.#bytes += message.byteLength
    this.#full = !this.#options.log.write(message)
    return !this.#full
  }

  flush(): void {
    this.#options.log.flush()
  }

  onDrain(listener: () => void): void {
    this.#options.log.onDrain(() => {
      this.#full = false
      this.#lastReceivedMs = performance.now()
      listener()
    })
  }

  onStop(listener: SessionStop): void {
    this.#stop = listener
    if (this.#early) void listener(...this.#early)
  }

  /** Tells whoever listens, or will, that the session is to end. Resolves when what had arrived is handed on. */
  async stop(...reason: Parameters<SessionStop>): Promise<void> {
    if (this.#stop) await this.#stop(...reason)
    else this.#early ??= reason
  }

  close(ending: SessionEnding): Promise<void> {
    this.#closed ??= this.#options.onClose(this, ending)
    return this.#closed
  }
}
