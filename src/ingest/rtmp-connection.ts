/**
 * One RTMP connection: the wire below, the gates and the hub around the pure session. Whatever the
 * peer does costs this connection only. While a gate is asked, and while the recording has too much
 * to write, nothing is read: what the peer sends waits in the kernel.
 */
import type { Socket } from 'node:net'
import { MalformedError } from '../formats/bytes/malformed-error.ts'
import { readAggregate } from '../formats/rtmp/aggregate.ts'
import { readCommand } from '../formats/rtmp/command-message.ts'
import { joinParts, MESSAGE_TYPE, type RtmpMessage } from '../formats/rtmp/message.ts'
import { newId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import { askToPlay } from './ask-gate.ts'
import { type ConnectionSnapshot, ConnectionStats } from './connection-stats.ts'
import type { IngestLimits } from './ingest-limits.ts'
import type { LiveHub } from './live-hub.ts'
import type { PlayGate } from './play-gate.ts'
import { Player } from './player.ts'
import type { PublishGate } from './publish-gate.ts'
import { Publisher } from './publisher.ts'
import { RtmpWire } from './rtmp-wire.ts'
import { OPENING, step } from './session.ts'
import type { SessionEffect, SessionEvent, SessionState } from './session-state.ts'

/** An encoder that sends, and whose connection is closed so long after its last byte, was cut off from us. */
const SILENT_MS = 2_000

export interface ConnectionParts {
  readonly gate: PublishGate
  readonly playGate: PlayGate
  readonly hub: LiveHub
  readonly logger: Logger
  readonly limits: IngestLimits
}

export class RtmpConnection {
  readonly id = newId()
  /** Resolves when the socket is closed and what was received is on disk. Never rejects. */
  readonly closed: Promise<void>
  readonly #parts: ConnectionParts
  readonly #logger: Logger
  readonly #remoteAddress: string
  readonly #startedMs = performance.now()
  readonly #stats = new ConnectionStats(this.#startedMs)
  readonly #wire: RtmpWire
  readonly #publisher: Publisher
  readonly #player: Player
  #state: SessionState = OPENING
  /** We closed the connection because nothing came. */
  #cutOff = false
  /** The gate that is being asked, if any. */
  #asked: Promise<void> = Promise.resolve()
  /** On performance.now's clock; undefined: no hurry. */
  #deadlineMs: number | undefined

  constructor(socket: Socket, parts: ConnectionParts, onHandshake: () => void = () => {}) {
    const { hub, gate, limits } = parts
    this.#parts = parts
    this.#remoteAddress = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    this.#logger = parts.logger.child({ connectionId: this.id, remoteAddress: this.#remoteAddress })
    this.#allow(limits.handshakeMs)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    this.#wire = new RtmpWire(socket, {
      onHandshake: () => {
        onHandshake()
        this.#allow(limits.roleMs)
      },
      onMessage: (message) => this.#onMessage(message),
      onFault: (error) => this.#onFault(error),
      onClose: () => void this.#onClose().then(resolve),
    })
    this.#publisher = new Publisher({
      gate,
      hub,
      stats: this.#stats,
      logger: this.#logger,
      isGone: () => this.#wire.closing,
      setPaused: (paused) => this.#wire.setPaused(paused),
      unheard: { silentMs: () => performance.now() - this.#wire.lastReadMs },
      onEvent: (event) => this.#apply(event),
    })
    this.#player = new Player({
      hub,
      socket,
      waitMs: limits.playWaitMs,
      onEvent: (event) => this.#apply(event),
      onTooSlow: () => {
        this.#logger.info('player reads too slowly')
        socket.destroy()
      },
    })
  }

  get publishing(): boolean {
    return this.#state.phase === 'publishing'
  }

  /** Looks at the time limits; called every so often by the server. */
  sweep(nowMs: number): void {
    const { publishIdleMs } = this.#parts.limits
    const sending = this.publishing || this.#state.phase === 'discarding'
    this.#stats.measure(this.#wire.receivedBytes, nowMs)
    if (this.#deadlineMs !== undefined && nowMs > this.#deadlineMs) {
      if (!this.#wire.closing) this.#logger.info({ phase: this.#state.phase }, 'connection took too long')
      this.#wire.socket.destroy()
    } else if (sending && !this.#publisher.full && nowMs - this.#wire.lastReadMs > publishIdleMs) {
      this.#logger.warn({ publishIdleMs }, 'encoder went silent')
      this.#cutOff = true
      this.#wire.socket.destroy()
    }
  }

  /** Says goodbye because the server is stopping. Idempotent. */
  drain(): void {
    this.#publisher.end('draining')
    if (this.#state.phase === 'publishing' || this.#state.phase === 'asking') {
      this.#apply({ kind: 'publish-stopped', reason: 'The server is restarting. Connect again in a moment.' })
    } else {
      this.#state = { phase: 'closed' }
      this.#goodbye()
    }
  }

  snapshot(nowMs: number): ConnectionSnapshot {
    const state = this.#state
    const { socket } = this.#wire
    return {
      id: this.id,
      remoteAddress: this.#remoteAddress,
      phase: state.phase,
      streamName: this.#publisher.streamName ?? ('streamName' in state ? state.streamName : undefined),
      encoder: 'client' in state ? state.client.encoder : '',
      connectedMs: Math.round(nowMs - this.#startedMs),
      receivedBytes: this.#wire.receivedBytes,
      sentBytes: socket.bytesWritten,
      ...this.#stats.snapshot(),
    }
  }

  #onMessage(message: RtmpMessage): void {
    switch (message.type) {
      case MESSAGE_TYPE.audio:
      case MESSAGE_TYPE.video:
      case MESSAGE_TYPE.data:
      case MESSAGE_TYPE.dataAmf3:
        this.#publisher.write(message)
        return
      case MESSAGE_TYPE.aggregate:
        for (const part of readAggregate(message)) this.#publisher.write(part)
        return
      case MESSAGE_TYPE.command:
      case MESSAGE_TYPE.commandAmf3: {
        if (message.byteLength === 0) return
        const command = readCommand(message.type, joinParts(message.parts, message.byteLength))
        this.#apply({ kind: 'command', streamId: message.streamId, command })
      }
    }
  }

  #apply(event: SessionEvent): void {
    const before = this.#state.phase
    const [state, effects] = step(this.#state, event)
    this.#state = state
    if (state.phase !== before) this.#enter(state.phase, before)
    for (const effect of effects) this.#perform(effect)
  }

  #enter(phase: SessionState['phase'], before: SessionState['phase']): void {
    if (phase === 'connected' && before !== 'opening') this.#allow(this.#parts.limits.roleMs)
    else if (phase === 'publishing' || phase === 'waiting' || phase === 'playing')
      this.#deadlineMs = undefined
    else if (phase === 'discarding') {
      this.#deadlineMs = undefined
      this.#logger.info('what the encoder sends is discarded')
    }
    if (before === 'discarding' && phase !== 'closed') this.#publisher.leave('goodbye')
  }

  #perform(effect: SessionEffect): void {
    switch (effect.kind) {
      case 'send':
        this.#wire.send(effect.messages)
        return
      case 'ask-publish': {
        const { app, streamKey, encoder } = effect
        this.#ask(this.#publisher.ask({ app, streamKey, encoder, remoteAddress: this.#remoteAddress }))
        return
      }
      case 'ask-play':
        this.#ask(this.#askPlay(effect.streamName))
        return
      case 'allow-media':
        this.#wire.allowMedia()
        return
      case 'end-publish':
        this.#publisher.end(effect.ending)
        return
      case 'await-stream':
        void this.#player.awaitStream(effect.streamName)
        return
      case 'start-play':
        this.#player.start(effect.streamName, effect.streamId)
        return
      case 'pause-play':
        this.#player.setPaused(effect.paused)
        return
      case 'end-play':
        this.#player.leave()
        return
      case 'close':
        if (effect.fault) this.#logger.warn({ reason: effect.reason }, 'peer broke the protocol')
        else this.#logger.info({ reason: effect.reason }, 'connection is being closed')
        this.#publisher.end('protocol-error')
        this.#goodbye()
    }
  }

  /** Nothing is read until the answer is there. What goes wrong costs this connection, as with a message. */
  #ask(asking: Promise<void>): void {
    this.#wire.hold()
    this.#asked = asking.then(() => this.#wire.release()).catch((error) => this.#onFault(error))
  }

  async #askPlay(streamName: string): Promise<void> {
    if (await askToPlay(this.#parts.playGate, streamName, this.#remoteAddress, this.#logger)) {
      this.#apply({ kind: 'play-allowed', streamName })
    } else {
      this.#apply({ kind: 'play-refused', reason: 'This stream may not be watched here.' })
    }
  }

  #onFault(error: unknown): void {
    if (!(error instanceof MalformedError)) this.#logger.error({ err: error }, 'connection failed')
    else this.#logger.warn({ reason: error.message }, 'peer broke the protocol')
    this.#state = { phase: 'closed' }
    this.#publisher.end('protocol-error')
    this.#goodbye()
  }

  #goodbye(): void {
    this.#player.leave()
    this.#allow(this.#parts.limits.goodbyeMs)
    this.#wire.goodbye()
  }

  async #onClose(): Promise<void> {
    this.#state = { phase: 'closed' }
    this.#player.leave()
    // While nothing is read for want of room on our disk, silence says nothing.
    const silent = !this.#publisher.full && performance.now() - this.#wire.lastReadMs > SILENT_MS
    const leaving = this.#cutOff || silent ? 'silent' : 'dropped'
    this.#publisher.leave(leaving)
    this.#publisher.end(leaving)
    await this.#asked
    await this.#publisher.settled()
  }

  #allow(milliseconds: number): void {
    this.#deadlineMs = performance.now() + milliseconds
  }
}
