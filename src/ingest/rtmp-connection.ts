/**
 * One RTMP connection: the wire below, the gates and the hub around the pure session, whose message streams have
 * their publishers and players in stream-roles.ts. Whatever the peer does costs this connection only. While a
 * gate is asked, and while the recording has too much to write, nothing is read: it waits in the kernel.
 */
import type { Socket } from 'node:net'
import { MalformedError } from '../formats/bytes/malformed-error.ts'
import { readAggregate } from '../formats/rtmp/aggregate.ts'
import { readCommand } from '../formats/rtmp/command-message.ts'
import { joinParts, MESSAGE_TYPE, type RtmpMessage } from '../formats/rtmp/message.ts'
import { newId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import { type ConnectionSnapshot, snapshotStreams } from './connection-snapshot.ts'
import type { IngestLimits } from './ingest-limits.ts'
import type { LiveHub } from './live-hub.ts'
import type { PlayGate } from './play-gate.ts'
import type { PublishGate } from './publish-gate.ts'
import { type BeatMember, type ReadBeat, readInBeat } from './read-beat.ts'
import { RtmpWire } from './rtmp-wire.ts'
import { OPENING, step } from './session.ts'
import type { SessionEffect, SessionEvent, SessionState, StreamUse } from './session-state.ts'
import { StreamRoles } from './stream-roles.ts'

/** An encoder that sends, and whose connection is closed so long after its last byte, was cut off from us. */
const SILENT_MS = 2_000
/** Phases of a stream in use for which a connection may last as long as it likes. */
const WITHOUT_HURRY = ['publishing', 'discarding', 'waiting', 'playing'] as const

export interface ConnectionParts {
  readonly gate: PublishGate
  readonly playGate: PlayGate
  readonly hub: LiveHub
  readonly logger: Logger
  readonly limits: IngestLimits
  /** Of all connections of a server. */
  readonly beat: ReadBeat
}

export class RtmpConnection {
  readonly id = newId()
  /** Resolves when the socket is closed and what was received is on disk. Never rejects. */
  readonly closed: Promise<void>
  readonly #parts: ConnectionParts
  readonly #logger: Logger
  readonly #remoteAddress: string
  readonly #startedMs = performance.now()
  readonly #wire: RtmpWire
  readonly #roles: StreamRoles
  readonly #inBeat: BeatMember
  #state: SessionState = OPENING
  /** We closed the connection because nothing came. */
  #cutOff = false
  /** The gate that is being asked, if any. */
  #asked: Promise<void> = Promise.resolve()
  /** On performance.now's clock; undefined: no hurry. */
  #deadlineMs: number | undefined

  constructor(socket: Socket, parts: ConnectionParts, onHandshake: () => void = () => {}) {
    const { hub, gate, playGate, limits } = parts
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
    this.#roles = new StreamRoles({
      gate,
      playGate,
      hub,
      socket,
      remoteAddress: this.#remoteAddress,
      playWaitMs: limits.playWaitMs,
      logger: this.#logger,
      isGone: () => this.#wire.closing,
      setPaused: (paused) => this.#wire.setPaused(paused),
      readArrived: () => parts.beat.read(this.#inBeat),
      unheard: { silentMs: () => performance.now() - this.#wire.lastReadMs },
      onEvent: (streamId, event) => this.#apply({ kind: 'stream', streamId, event }),
      onTooSlow: () => {
        this.#logger.info('player reads too slowly')
        socket.destroy()
      },
    })
    this.#inBeat = readInBeat(this.#wire, () => this.#roles.flush())
  }

  get publishing(): boolean {
    return this.#isUsed('publishing')
  }

  /** Looks at the time limits; called every so often by the server. */
  sweep(nowMs: number): void {
    const { publishIdleMs } = this.#parts.limits
    const sending = this.#isUsed('publishing', 'discarding')
    this.#roles.measure(this.#wire.receivedBytes, nowMs)
    if (this.#isUsed('publishing')) this.#wire.ping(nowMs)
    if (this.#deadlineMs !== undefined && nowMs > this.#deadlineMs) this.#overdue()
    else if (sending && !this.#roles.full && nowMs - this.#wire.lastReadMs > publishIdleMs) {
      this.#logger.warn({ publishIdleMs }, 'encoder went silent')
      this.#cutOff = true
      this.#wire.socket.destroy()
    }
  }

  /** Asks the peer to connect again, if it can. True: it leaves by itself, and what it publishes until then counts. */
  move(reason: string): boolean {
    this.#apply({ kind: 'moving', reason })
    return this.#state.phase === 'connected' && this.#state.leaving
  }

  /** Says goodbye because the server is stopping. Idempotent. */
  drain(): void {
    this.#apply({ kind: 'draining', reason: 'The server is restarting. Connect again in a moment.' })
  }

  /** One for each message stream in use; one alone when there is none. */
  snapshots(nowMs: number): ConnectionSnapshot[] {
    const connection = {
      id: this.id,
      remoteAddress: this.#remoteAddress,
      connectedMs: Math.round(nowMs - this.#startedMs),
      receivedBytes: this.#wire.receivedBytes,
      sentBytes: this.#wire.socket.bytesWritten,
      roundTripMs: this.#wire.roundTripMs,
    }
    return snapshotStreams(connection, this.#state, this.#roles)
  }

  #onMessage(message: RtmpMessage): void {
    switch (message.type) {
      case MESSAGE_TYPE.aggregate:
        for (const part of readAggregate(message)) this.#roles.write(part)
        return
      case MESSAGE_TYPE.command:
      case MESSAGE_TYPE.commandAmf3: {
        if (message.byteLength === 0) return
        const command = readCommand(message.type, joinParts(message.parts, message.byteLength))
        this.#apply({ kind: 'command', streamId: message.streamId, command })
        return
      }
      default:
        this.#roles.write(message)
    }
  }

  #apply(event: SessionEvent): void {
    const before = this.#isUsed(...WITHOUT_HURRY)
    const [state, effects] = step(this.#state, event)
    this.#state = state
    const after = this.#isUsed(...WITHOUT_HURRY)
    if (this.publishing) this.#parts.beat.add(this.#inBeat)
    else this.#parts.beat.remove(this.#inBeat)
    if (after) this.#deadlineMs = undefined
    else if (before && state.phase !== 'closed') this.#allow(this.#parts.limits.roleMs)
    for (const effect of effects) this.#perform(effect)
  }

  #isUsed(...phases: readonly StreamUse['phase'][]): boolean {
    if (this.#state.phase !== 'connected') return false
    for (const { phase } of this.#state.streams.values()) if (phases.includes(phase)) return true
    return false
  }

  #perform(effect: SessionEffect): void {
    switch (effect.kind) {
      case 'send':
        this.#wire.send(effect.messages)
        return
      case 'ask-publish': {
        const { streamId, app, streamKey, encoder } = effect
        this.#ask(this.#roles.askToPublish(streamId, { app, streamKey, encoder }))
        return
      }
      case 'ask-play':
        this.#ask(this.#roles.askToPlay(effect.streamId, effect.streamName))
        return
      case 'allow-media':
        this.#wire.allowMedia()
        return
      case 'close':
        if (effect.fault) this.#logger.warn({ reason: effect.reason }, 'peer broke the protocol')
        else this.#logger.info({ reason: effect.reason }, 'connection is being closed')
        this.#roles.endPublishing('protocol-error')
        this.#goodbye()
        return
      default:
        this.#roles.perform(effect)
    }
  }

  /** Nothing is read until the answer is there. What goes wrong costs this connection, as with a message. */
  #ask(asking: Promise<void>): void {
    this.#wire.hold()
    this.#asked = asking.then(() => this.#wire.release()).catch((error) => this.#onFault(error))
  }

  /** Who has only connected is told why it has to go; of all others nobody listens. */
  #overdue(): void {
    const { phase } = this.#state
    if (!this.#wire.closing) this.#logger.info({ phase }, 'connection took too long')
    if (this.#wire.closing || phase !== 'connected' || this.#isUsed('asking')) this.#wire.socket.destroy()
    else this.#apply({ kind: 'idle' })
  }

  #onFault(error: unknown): void {
    if (!(error instanceof MalformedError)) this.#logger.error({ err: error }, 'connection failed')
    else this.#logger.warn({ reason: error.message }, 'peer broke the protocol')
    this.#state = { phase: 'closed' }
    this.#roles.endPublishing('protocol-error')
    this.#goodbye()
  }

  #goodbye(): void {
    this.#roles.endPlaying()
    this.#allow(this.#parts.limits.goodbyeMs)
    this.#wire.goodbye()
  }

  async #onClose(): Promise<void> {
    this.#parts.beat.remove(this.#inBeat)
    const moved = this.#state.phase === 'connected' && this.#state.leaving
    this.#state = { phase: 'closed' }
    this.#roles.endPlaying()
    // While nothing is read for want of room on our disk, silence says nothing.
    const silent = !this.#roles.full && performance.now() - this.#wire.lastReadMs > SILENT_MS
    const leaving = this.#cutOff || silent ? 'silent' : 'dropped'
    // Who was asked to connect again comes back by itself.
    this.#roles.leaveUnheard(moved ? 'silent' : leaving)
    this.#roles.endPublishing(moved ? 'draining' : leaving)
    await this.#asked
    await this.#roles.settled()
  }

  #allow(milliseconds: number): void {
    this.#deadlineMs = performance.now() + milliseconds
  }
}
