/** A message stream that is played on: waits for the stream, takes a seat, gives it up. */
import type { Socket } from 'node:net'
import { type LiveFormat, rtmpFormat } from './live-format.ts'
import type { LiveHub, LiveSeat } from './live-hub.ts'
import { AUDIO, VIDEO } from './media-message.ts'
import { PartialFormat } from './partial-format.ts'
import type { StreamEvent } from './session-state.ts'

export interface PlayerOptions {
  readonly hub: LiveHub
  readonly socket: Socket
  /** How long to wait for a stream that is not live: it may be about to begin, or its encoder about to come back. */
  readonly waitMs: number
  readonly onEvent: (event: StreamEvent) => void
  readonly onTooSlow: () => void
}

export class Player {
  readonly #options: PlayerOptions
  #left = new AbortController()
  #seat: LiveSeat | undefined
  #place: { readonly streamName: string; readonly format: LiveFormat; readonly own: boolean } | undefined
  #paused = false
  readonly #leftOut = new Set<number>()

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

  /** `allTracks`: the player understands messages of several tracks. */
  start(streamName: string, streamId: number, allTracks: boolean): void {
    this.#leftOut.clear()
    this.#paused = false
    this.#place = { streamName, format: rtmpFormat(streamId, allTracks), own: false }
    this.#take(this.#place.format, false)
  }

  /** Whether it wants sound, or picture. Who once wanted less has a format of its own from then on. */
  receive(medium: 'audio' | 'video', wanted: boolean): void {
    if (!this.#place || !this.#seat) return
    const type = medium === 'audio' ? AUDIO : VIDEO
    if (wanted) {
      // A picture goes on at a keyframe.
      if (this.#leftOut.delete(type) && type === VIDEO) this.#seat.setPaused(true)
      this.#seat.setPaused(this.#paused)
      return
    }
    this.#leftOut.add(type)
    if (this.#place.own) return
    this.#place = { ...this.#place, own: true }
    this.#seat.leave()
    this.#take(new PartialFormat(this.#place.format, this.#leftOut), true)
  }

  setPaused(paused: boolean): void {
    this.#paused = paused
    this.#seat?.setPaused(paused)
  }

  /** Idempotent. */
  leave(): void {
    this.#left.abort()
    this.#seat?.leave()
    this.#seat = undefined
    this.#place = undefined
  }

  /** `fromNow`: it goes on with the next frame, rather than beginning at the last keyframe. */
  #take(format: LiveFormat, fromNow: boolean): void {
    const { hub, socket, onEvent, onTooSlow } = this.#options
    const seat = hub.join(this.#place?.streamName ?? '', {
      format,
      sink: socket,
      fromNow,
      onEnd: (ending) => {
        if (ending === 'left') return
        this.#seat = undefined
        if (ending === 'stream-over') onEvent({ kind: 'stream-over', reason: 'The broadcast has ended.' })
        else onTooSlow()
      },
    })
    this.#seat = seat
    if (this.#paused) seat?.setPaused(true)
    if (!seat) onEvent({ kind: 'stream-absent' })
  }
}
