/** The playing side of an RTMP connection: waits for the stream, takes a seat, gives it up. */
import type { Socket } from 'node:net'
import { rtmpFormat } from './live-format.ts'
import type { LiveHub, LiveSeat } from './live-hub.ts'
import type { SessionEvent } from './session-state.ts'

export interface PlayerOptions {
  readonly hub: LiveHub
  readonly socket: Socket
  /** How long to wait for a stream that is not live: it may be about to begin, or its encoder about to come back. */
  readonly waitMs: number
  readonly onEvent: (event: SessionEvent) => void
  readonly onTooSlow: () => void
}

export class Player {
  readonly #options: PlayerOptions
  #left = new AbortController()
  #seat: LiveSeat | undefined

  constructor(options: PlayerOptions) {
    this.#options = options
  }

  /** Tells `stream-live` or, after the wait, `stream-absent`; nothing when left before. */
  async awaitStream(streamName: string): Promise<void> {
    const { hub, waitMs, onEvent } = this.#options
    this.#left = new AbortController()
    const { signal } = this.#left
    const live = await hub.whenLive(streamName, AbortSignal.any([signal, AbortSignal.timeout(waitMs)]))
    if (!signal.aborted) onEvent({ kind: live ? 'stream-live' : 'stream-absent' })
  }

  start(streamName: string, streamId: number): void {
    const { hub, socket, onEvent, onTooSlow } = this.#options
    this.#seat = hub.join(streamName, {
      format: rtmpFormat(streamId),
      sink: socket,
      onEnd: (ending) => {
        this.#seat = undefined
        if (ending === 'stream-over') onEvent({ kind: 'stream-over', reason: 'The broadcast has ended.' })
        else if (ending === 'too-slow') onTooSlow()
      },
    })
    if (!this.#seat) onEvent({ kind: 'stream-absent' })
  }

  setPaused(paused: boolean): void {
    this.#seat?.setPaused(paused)
  }

  /** Idempotent. */
  leave(): void {
    this.#left.abort()
    this.#seat?.leave()
    this.#seat = undefined
  }
}
