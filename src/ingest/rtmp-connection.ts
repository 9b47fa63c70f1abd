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
import { ConnectionStats, type MediaStats } from './connection-stats.ts'
import type { IngestLimits } from './ingest-limits.ts'
import type { LiveHub } from './live-hub.ts'
import type { PlayGate } from './play-gate.ts'
import { Player } from './player.ts'
import type { PublishDecision, PublishedSession, PublishGate, SessionEnding } from './publish-gate.ts'
import { Publisher } from './publisher.ts'
import { RtmpWire } from './rtmp-wire.ts'
import { OPENING, step } from './session.ts'
import type { SessionEffect, SessionEvent, SessionState } from './session-state.ts'

export interface ConnectionParts {
  readonly gate: PublishGate
  readonly playGate: PlayGate
  readonly hub: LiveHub
  readonly logger: Logger
  readonly limits: IngestLimits
}

export interface ConnectionSnapshot extends MediaStats {
  readonly id: string
  readonly remoteAddress: string
  readonly phase: SessionState['phase']
  /** Public name of what is published or played. */
  readonly streamName: string | undefined
  readonly encoder: string
  readonly connectedMs: number
  readonly receivedBytes: number
  readonly sentBytes: number
}

export class RtmpConnection {
  readonly id = newId()
  /** Resolves when the socket is closed and what was received is on disk. Never rejects. */
  readonly closed: Promise<void>
  readonly #wire: RtmpWire
  readonly #parts: ConnectionParts
  readonly #logger: Logger
  readonly #remoteAddress: string
  readonly #startedMs = performance.now()
  readonly #stats = new ConnectionStats(this.#startedMs)
  readonly #player: Player
  #state: SessionState = OPENING
  #publisher: Publisher | undefined
  /** Gates asked and recordings being closed. */
  readonly #unfinished = new Set<Promise<void>>()
  #full = false
  /** On performance.now's clock; undefined: no hurry. */
  #deadlineMs: number | undefined

  constructor(socket: Socket, parts: ConnectionParts) {
    this.#parts = parts
    this.#remoteAddress = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    this.#logger = parts.logger.child({ connectionId: this.id, remoteAddress: this.#remoteAddress })
    this.#deadlineMs = this.#startedMs + parts.limits.handshakeMs
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    this.#wire = new RtmpWire(socket, {
      onHandshake: () => this.#allow(parts.limits.roleMs),
      onMessage: (message) => this.#onMessage(message),
      onFault: (error) => this.#onFault(error),
      onClose: () => void this.#onClose().then(resolve),
    })
    this.#player = new Player({
      hub: parts.hub,
      socket,
      waitMs: parts.limits.playWaitMs,
      onEvent: (event) => this.#apply(event),
      onTooSlow: () => {
        this.#logger.info('player reads too slowly')
        socket.destroy()
      },
    })
  }

  get publishing(): boolean {
    return this.#publisher !== undefined
  }

  /** Looks at the time limits; called every so often by the server. */
  sweep(nowMs: number): void {
    const { limits } = this.#parts
    this.#stats.measure(this.#wire.socket.bytesRead, nowMs)
    if (this.#deadlineMs !== undefined && nowMs > this.#deadlineMs) {
      if (!this.#wire.closing) this.#logger.info({ phase: this.#state.phase }, 'connection took too long')
      this.#wire.socket.destroy()
    } else if (this.#state.phase === 'publishing' && !this.#full) {
      if (nowMs - this.#wire.lastReadMs <= limits.publishIdleMs) return
      this.#logger.warn({ idleMs: limits.publishIdleMs }, 'encoder went silent')
      this.#wire.socket.destroy()
    }
  }

  /** Says goodbye because the server is stopping. Idempotent. */
  drain(): void {
    this.#stop('draining', 'The server is restarting. Connect again in a moment.')
  }

  snapshot(nowMs: number): ConnectionSnapshot {
    const state = this.#state
    const { socket } = this.#wire
    return {
      id: this.id,
      remoteAddress: this.#remoteAddress,
      phase: state.phase,
      streamName:
        state.phase === 'publishing'
          ? this.#publisher?.session.streamName
          : 'streamName' in state
            ? state.streamName
            : undefined,
      encoder: 'client' in state ? state.client.encoder : '',
      connectedMs: Math.round(nowMs - this.#startedMs),
      receivedBytes: socket.bytesRead,
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
        this.#publisher?.write(message)
        return
      case MESSAGE_TYPE.aggregate:
        for (const part of readAggregate(message)) this.#publisher?.write(part)
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
    if (state.phase !== before) {
      if (state.phase === 'connected' && before !== 'opening') this.#allow(this.#parts.limits.roleMs)
      else if (state.phase === 'publishing' || state.phase === 'waiting' || state.phase === 'playing') {
        this.#deadlineMs = undefined
      }
    }
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: SessionEffect): void {
    switch (effect.kind) {
      case 'send':
        this.#wire.send(effect.messages)
        return
      case 'ask-publish':
        this.#wire.hold()
        this.#await(this.#askPublish(effect))
        return
      case 'ask-play':
        this.#wire.hold()
        this.#await(this.#askPlay(effect.streamName))
        return
      case 'end-publish':
        this.#endPublish('unpublished')
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
        this.#endPublish(effect.fault ? 'protocol-error' : 'unpublished')
        this.#goodbye()
    }
  }

  async #askPublish(ask: SessionEffect & { kind: 'ask-publish' }): Promise<void> {
    const { app, streamKey, encoder } = ask
    let decision: PublishDecision
    try {
      decision = await this.#parts.gate.admit({ app, streamKey, encoder, remoteAddress: this.#remoteAddress })
    } catch (error) {
      this.#logger.error({ err: error }, 'publish gate failed')
      decision = {
        admitted: false,
        reason: 'The server could not check the stream key. Try again in a moment.',
      }
    }
    if (!decision.admitted) {
      this.#apply({ kind: 'publish-refused', reason: decision.reason })
    } else if (this.#wire.closing) {
      await decision.session.close('dropped')
    } else {
      this.#begin(decision.session)
    }
    this.#wire.release()
  }

  #begin(session: PublishedSession): void {
    const live = this.#parts.hub.open(session.streamName)
    this.#publisher = new Publisher(session, live, { stats: this.#stats, onFull: () => this.#setFull(true) })
    const current = () => this.#publisher?.session === session
    session.onDrain(() => current() && this.#setFull(false))
    session.onStop((ending, reason) => current() && this.#stop(ending, reason))
    this.#wire.allowMedia()
    this.#logger.info({ sessionId: session.sessionId, streamName: session.streamName }, 'on air')
    this.#apply({ kind: 'publish-admitted' })
  }

  async #askPlay(streamName: string): Promise<void> {
    let allowed = false
    try {
      allowed = await this.#parts.playGate.mayPlay(streamName, this.#remoteAddress)
    } catch (error) {
      this.#logger.error({ err: error }, 'play gate failed')
    }
    if (allowed) this.#apply({ kind: 'play-allowed', streamName })
    else this.#apply({ kind: 'play-refused', reason: 'This stream may not be watched here.' })
    this.#wire.release()
  }

  /** Ends whatever the connection is doing, from our side. */
  #stop(ending: SessionEnding, reason: string): void {
    this.#endPublish(ending)
    if (this.#state.phase === 'publishing' || this.#state.phase === 'asking') {
      this.#apply({ kind: 'publish-stopped', reason })
    } else {
      this.#state = { phase: 'closed' }
      this.#goodbye()
    }
  }

  #setFull(full: boolean): void {
    this.#full = full
    this.#wire.setPaused(full)
  }

  #onFault(error: unknown): void {
    if (error instanceof MalformedError)
      this.#logger.warn({ reason: error.message }, 'peer broke the protocol')
    else this.#logger.error({ err: error }, 'connection failed')
    this.#state = { phase: 'closed' }
    this.#endPublish('protocol-error')
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
    this.#endPublish('dropped')
    await Promise.all(this.#unfinished)
  }

  #endPublish(ending: SessionEnding): void {
    const publisher = this.#publisher
    if (!publisher) return
    this.#publisher = undefined
    this.#logger.info({ sessionId: publisher.session.sessionId, ending }, 'off air')
    this.#await(publisher.close(ending))
    // A session that is closed drains no more.
    this.#setFull(false)
  }

  /** What goes wrong in `work` costs this connection, as what goes wrong in a message does. */
  #await(work: Promise<void>): void {
    const settled = work
      .catch((error) => this.#onFault(error))
      .finally(() => this.#unfinished.delete(settled))
    this.#unfinished.add(settled)
  }

  #allow(milliseconds: number): void {
    this.#deadlineMs = performance.now() + milliseconds
  }
}
