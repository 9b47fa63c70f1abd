/**
 * One viewer of a live stream: a queue before something that drains at its own pace. Who reads too
 * slowly loses what is queued and goes on at the next keyframe; who reads nothing for a while loses
 * the connection. What is queued is shared with the other viewers, and bounded.
 *
 *     following --queue full--> skipping --keyframe, and room--> following
 *         |   any state --nothing drained for stallMs, or over--> gone
 */
import type { Writable } from 'node:stream'
import type { LiveFormat } from './live-format.ts'

export type ViewerEnding = 'stream-over' | 'too-slow' | 'left'

export interface ViewerLimits {
  readonly maxQueuedBytes: number
  /** How long nothing may leave while something waits to. */
  readonly stallMs: number
}

export interface ViewerOptions {
  readonly format: LiveFormat
  readonly sink: Writable
  readonly limits: ViewerLimits
  /** It was here a moment ago: it needs no headers and nothing from the cache. */
  readonly fromNow?: boolean
  /** Called once. The sink is the caller's to end. */
  readonly onEnd: (ending: ViewerEnding) => void
}

/** Larger bytes are handed on in pieces, so that a slow but steady reader is seen to make progress. */
const PIECE_BYTES = 256 * 1024

export class LiveViewer {
  readonly format: LiveFormat
  readonly fromNow: boolean
  readonly #sink: Writable
  readonly #limits: ViewerLimits
  readonly #onEnd: (ending: ViewerEnding) => void
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #state: 'following' | 'skipping' | 'gone' = 'following'
  #paused = false
  /** The sink is full since then. */
  #fullSinceMs: number | undefined
  #skips = 0
  readonly #onDrain = () => {
    this.#fullSinceMs = undefined
    this.#pump()
  }

  constructor(options: ViewerOptions) {
    this.format = options.format
    this.fromNow = options.fromNow ?? false
    this.#sink = options.sink
    this.#limits = options.limits
    this.#onEnd = options.onEnd
    this.#sink.on('drain', this.#onDrain)
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** How often frames were left out. */
  get skips(): number {
    return this.#skips
  }

  /** A paused viewer gets nothing, and goes on at a keyframe. */
  setPaused(paused: boolean): void {
    this.#paused = paused
    if (paused) this.awaitSync()
  }

  /** Nothing more until a keyframe comes. */
  awaitSync(): void {
    if (this.#state === 'following') this.#state = 'skipping'
  }

  /** What the viewer needs before anything else: never left out. */
  begin(bytes: Uint8Array): void {
    this.#push(bytes)
    this.#pump()
  }

  /** `headers`: what to send first when `bytes` begin with a keyframe after frames were left out. */
  offer(bytes: Uint8Array, startsAtSync: boolean, headers: () => Uint8Array): void {
    if (this.#state === 'gone') return
    const now = performance.now()
    if (this.#fullSinceMs !== undefined && now - this.#fullSinceMs > this.#limits.stallMs) {
      this.end('too-slow')
      return
    }
    if (this.#state === 'skipping') {
      if (!startsAtSync || this.#paused || this.#fullSinceMs !== undefined) return
      this.#state = 'following'
      this.#push(headers())
    }
    this.#push(bytes)
    this.#pump()
    if (this.#queuedBytes > this.#limits.maxQueuedBytes) {
      this.#queue = []
      this.#queuedBytes = 0
      this.#state = 'skipping'
      this.#skips += 1
    }
  }

  /** `stream-over` lets what is queued leave first. */
  end(ending: ViewerEnding): void {
    if (this.#state === 'gone') return
    this.#state = 'gone'
    this.#sink.off('drain', this.#onDrain)
    if (ending === 'stream-over') for (const bytes of this.#queue) this.#sink.write(bytes)
    this.#queue = []
    this.#queuedBytes = 0
    this.#onEnd(ending)
  }

  #push(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.byteLength; from += PIECE_BYTES) {
      this.#queue.push(bytes.subarray(from, from + PIECE_BYTES))
    }
    this.#queuedBytes += bytes.byteLength
  }

  #pump(): void {
    let sent = 0
    while (sent < this.#queue.length && this.#fullSinceMs === undefined) {
      const bytes = this.#queue[sent] as Uint8Array
      sent += 1
      this.#queuedBytes -= bytes.byteLength
      if (!this.#sink.write(bytes)) this.#fullSinceMs = performance.now()
    }
    if (sent > 0) this.#queue.splice(0, sent)
  }
}
