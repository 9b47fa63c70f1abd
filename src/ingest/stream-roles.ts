/**
 * Who publishes and who plays on the message streams of one connection. Media goes to the publisher of its message
 * stream; encoders that name another stream than they publish on mean their only one.
 */
import type { Socket } from 'node:net'
import type { RtmpMessage } from '../formats/rtmp/message.ts'
import type { Logger } from '../kernel/logger.ts'
import { askToPlay } from './ask-gate.ts'
import { ConnectionStats, type MediaStats } from './connection-stats.ts'
import type { LiveHub } from './live-hub.ts'
import type { PlayGate } from './play-gate.ts'
import { Player } from './player.ts'
import type { PublishGate, PublishRequest, SessionEnding, UnheardConnection } from './publish-gate.ts'
import { Publisher } from './publisher.ts'
import type { StreamEffect, StreamEvent } from './session-state.ts'

export interface StreamRolesOptions {
  readonly gate: PublishGate
  readonly playGate: PlayGate
  readonly hub: LiveHub
  readonly socket: Socket
  readonly remoteAddress: string
  /** How long a player waits for a stream that is not live. */
  readonly playWaitMs: number
  readonly logger: Logger
  readonly isGone: () => boolean
  /** Pauses and resumes reading from the peer. */
  readonly setPaused: (paused: boolean) => void
  readonly readArrived: () => Promise<void>
  readonly unheard: UnheardConnection
  readonly onEvent: (streamId: number, event: StreamEvent) => void
  readonly onTooSlow: () => void
}

export class StreamRoles {
  readonly #options: StreamRolesOptions
  /** By message stream id, also after they have ended: what comes late for them is not another's. */
  readonly #publishers = new Map<number, Publisher>()
  readonly #players = new Map<number, Player>()
  /** Of the stream that media came for last. */
  #last: Publisher | undefined
  #lastId = -1

  constructor(options: StreamRolesOptions) {
    this.#options = options
  }

  /** Tells `publish-admitted`, `publish-unheard` or `publish-refused`. */
  askToPublish(streamId: number, request: Omit<PublishRequest, 'remoteAddress'>): Promise<void> {
    const { remoteAddress } = this.#options
    return this.#publisher(streamId).ask({ ...request, remoteAddress })
  }

  /** Tells `play-allowed` or `play-refused`. */
  async askToPlay(streamId: number, streamName: string): Promise<void> {
    const { playGate, remoteAddress, logger, onEvent } = this.#options
    const allowed = await askToPlay(playGate, streamName, remoteAddress, logger)
    const reason = 'This stream may not be watched here.'
    onEvent(streamId, allowed ? { kind: 'play-allowed', streamName } : { kind: 'play-refused', reason })
  }

  perform(effect: StreamEffect): void {
    const { streamId } = effect
    switch (effect.kind) {
      case 'end-publish':
        this.#publisher(streamId).end(effect.ending)
        return
      case 'end-discard':
        this.#publisher(streamId).leave('goodbye')
        return
      case 'await-stream':
        void this.#player(streamId).awaitStream(effect.streamName)
        return
      case 'start-play':
        this.#player(streamId).start(effect.streamName, streamId, effect.allTracks)
        return
      case 'pause-play':
        this.#player(streamId).setPaused(effect.paused)
        return
      case 'receive':
        this.#player(streamId).receive(effect.medium, effect.wanted)
        return
      case 'end-play':
        this.#player(streamId).leave()
    }
  }

  /** Takes audio, video and data; all else, and what nobody publishes, is left out. */
  write(message: RtmpMessage): void {
    if (message.streamId !== this.#lastId) {
      this.#lastId = message.streamId
      this.#last = this.#publisherOf(message.streamId)
    }
    this.#last?.write(message)
  }

  /** What came is all there is for now: it is handed on. */
  flush(): void {
    for (const publisher of this.#publishers.values()) publisher.flush()
  }

  /** A recording has too much to write: nothing is read, so silence says nothing about the peer. */
  get full(): boolean {
    for (const publisher of this.#publishers.values()) if (publisher.full) return true
    return false
  }

  /** Public name of what is on air there. */
  streamName(streamId: number): string | undefined {
    return this.#publishers.get(streamId)?.streamName
  }

  stats(streamId: number): MediaStats | undefined {
    return this.#publishers.get(streamId)?.stats
  }

  /** `receivedBytes`: of the connection, which are those of its one publisher. */
  measure(receivedBytes: number, nowMs: number): void {
    const alone = this.#publishers.size === 1
    for (const publisher of this.#publishers.values())
      publisher.measure(alone ? receivedBytes : publisher.receivedBytes, nowMs)
  }

  /** All that is on air ends so. Idempotent: the first ending counts. */
  endPublishing(ending: SessionEnding): void {
    for (const publisher of this.#publishers.values()) publisher.end(ending)
  }

  /** Those that are not heard have left. Idempotent. */
  leaveUnheard(leaving: 'goodbye' | 'dropped' | 'silent'): void {
    for (const publisher of this.#publishers.values()) publisher.leave(leaving)
  }

  /** Idempotent. */
  endPlaying(): void {
    for (const player of this.#players.values()) player.leave()
  }

  /** Resolves when every session that was ended is on disk. */
  async settled(): Promise<void> {
    await Promise.all([...this.#publishers.values()].map((publisher) => publisher.settled()))
  }

  #publisher(streamId: number): Publisher {
    const known = this.#publishers.get(streamId)
    if (known) return known
    const { onEvent, setPaused, ...options } = this.#options
    const publisher = new Publisher({
      ...options,
      stats: new ConnectionStats(performance.now()),
      setPaused: () => setPaused(this.full),
      onEvent: (event) => onEvent(streamId, event),
    })
    this.#publishers.set(streamId, publisher)
    this.#lastId = -1
    return publisher
  }

  #player(streamId: number): Player {
    const known = this.#players.get(streamId)
    if (known) return known
    const { hub, socket, playWaitMs, onEvent, onTooSlow } = this.#options
    const player = new Player({
      hub,
      socket,
      waitMs: playWaitMs,
      onEvent: (event) => onEvent(streamId, event),
      onTooSlow,
    })
    this.#players.set(streamId, player)
    return player
  }

  #publisherOf(streamId: number): Publisher | undefined {
    const own = this.#publishers.get(streamId)
    const [only] = this.#publishers.values()
    return own ?? (this.#publishers.size === 1 ? only : undefined)
  }
}
