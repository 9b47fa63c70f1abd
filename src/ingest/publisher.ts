/**
 * A message stream that is published on: asks the gate, then passes messages on, first to the
 * recording, then to the live hub. The recording decides how fast we read; the hub takes everything at
 * once and bounds itself.
 */
import { MESSAGE_TYPE, type RtmpMessage } from '../formats/rtmp/message.ts'
import type { Logger } from '../kernel/logger.ts'
import { askToPublish } from './ask-gate.ts'
import type { ConnectionStats, MediaStats } from './connection-stats.ts'
import { readDataFrame } from './data-frame.ts'
import type { LiveHub, LivePublication } from './live-hub.ts'
import { AUDIO, type MediaMessage, VIDEO } from './media-message.ts'
import type {
  PublishedSession,
  PublishGate,
  PublishRequest,
  SessionEnding,
  UnheardConnection,
  UnheardWatch,
} from './publish-gate.ts'
import type { StreamEvent } from './session-state.ts'

export interface PublisherOptions {
  readonly gate: PublishGate
  readonly hub: LiveHub
  readonly stats: ConnectionStats
  readonly logger: Logger
  /** The connection is closing or closed: nobody is there to publish any more. */
  readonly isGone: () => boolean
  /** Pauses and resumes reading from the encoder. */
  readonly setPaused: (paused: boolean) => void
  /** Resolves when what has arrived until now was written here. */
  readonly readArrived: () => Promise<void>
  /** This connection, for whoever has to know of an encoder that is not heard. */
  readonly unheard: UnheardConnection
  readonly onEvent: (event: StreamEvent) => void
}

interface OnAir {
  readonly session: PublishedSession
  readonly live: LivePublication
}

export class Publisher {
  readonly #options: PublisherOptions
  #onAir: OnAir | undefined
  #full = false
  #receivedBytes = 0
  /** Set while what the encoder sends is discarded. */
  #unheard: ReturnType<UnheardWatch> | undefined
  readonly #closing = new Set<Promise<void>>()

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  /** Public name of the stream that is on air. */
  get streamName(): string | undefined {
    return this.#onAir?.session.streamName
  }

  /** The recording has too much to write: nothing is read, so silence says nothing about the encoder. */
  get full(): boolean {
    return this.#full
  }

  get stats(): MediaStats {
    return this.#options.stats.snapshot(performance.now())
  }

  /** Of messages, without what carries them. */
  get receivedBytes(): number {
    return this.#receivedBytes
  }

  measure(receivedBytes: number, nowMs: number): void {
    this.#options.stats.measure(receivedBytes, nowMs)
  }

  /** Tells `publish-admitted`, `publish-unheard` or `publish-refused`. */
  async ask(request: PublishRequest): Promise<void> {
    const { gate, logger, isGone, onEvent } = this.#options
    const decision = await askToPublish(gate, request, logger)
    if (!decision.admitted) {
      onEvent({ kind: 'publish-refused', reason: decision.reason, inUse: decision.inUse ?? false })
    } else if (decision.admitted === 'unheard') {
      if (isGone()) return
      this.#unheard = decision.watch(this.#options.unheard)
      onEvent({ kind: 'publish-unheard' })
    } else if (isGone()) {
      await decision.session.close('dropped')
    } else {
      this.#begin(decision.session)
      onEvent({ kind: 'publish-admitted' })
    }
  }

  /** Those without a body say nothing and are left out, as is what is neither audio, video nor data. */
  write(message: RtmpMessage): void {
    this.#receivedBytes += message.byteLength
    if (!this.#onAir || message.byteLength === 0) return
    const media = toMedia(message)
    if (!media) return
    if (!this.#onAir.session.write(media)) this.#setFull(true)
    const frame = this.#onAir.live.write(media)
    if (frame) this.#options.stats.count(frame)
  }

  /** What came is all there is for now: it is handed on. */
  flush(): void {
    this.#onAir?.session.flush()
    this.#onAir?.live.flush()
  }

  /** Idempotent: the first ending counts. */
  end(ending: SessionEnding): void {
    if (!this.#onAir) return
    const { session, live } = this.#onAir
    const { logger } = this.#options
    this.#onAir = undefined
    logger.info({ sessionId: session.sessionId, ending }, 'off air')
    const closed = session
      .close(ending)
      .catch((error) => logger.error({ err: error }, 'session did not close'))
      .finally(() => this.#closing.delete(closed))
    this.#closing.add(closed)
    live.close(ending)
    // A closed session drains no more.
    this.#setFull(false)
  }

  /** The encoder that is not heard has left. Idempotent. */
  leave(leaving: 'goodbye' | 'dropped' | 'silent'): void {
    this.#unheard?.(leaving)
    this.#unheard = undefined
  }

  /** Resolves when every session that was ended is on disk. */
  async settled(): Promise<void> {
    await Promise.all(this.#closing)
  }

  #begin(session: PublishedSession): void {
    const { hub, logger, readArrived, unheard, onEvent } = this.#options
    this.#onAir = { session, live: hub.open(session.streamName) }
    const current = () => this.#onAir?.session === session
    session.onDrain(() => {
      if (current()) this.#setFull(false)
    })
    session.onStop(async (ending, reason, watch) => {
      // An encoder that is back at once takes over a connection whose last words nobody has read yet.
      await readArrived()
      if (!current()) return
      this.end(ending)
      this.#unheard = watch?.(unheard)
      onEvent(watch ? { kind: 'publish-ended', reason } : { kind: 'publish-stopped', ending, reason })
    })
    logger.info({ sessionId: session.sessionId, streamName: session.streamName }, 'on air')
  }

  #setFull(full: boolean): void {
    if (this.#full && !full) this.#options.stats.resume()
    this.#full = full
    this.#options.setPaused(full)
  }
}

function toMedia(message: RtmpMessage): MediaMessage | undefined {
  const { timestampMs, parts, byteLength } = message
  switch (message.type) {
    case MESSAGE_TYPE.video:
      return { type: VIDEO, timestampMs, parts, byteLength }
    case MESSAGE_TYPE.audio:
      return { type: AUDIO, timestampMs, parts, byteLength }
    case MESSAGE_TYPE.data:
    case MESSAGE_TYPE.dataAmf3:
      return readDataFrame(message)
    default:
      return undefined
  }
}
