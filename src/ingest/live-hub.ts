/**
 * Every live stream by its public name: encoders write, viewers join. In memory only; nothing here can
 * hold up a recording. A stream whose connection was lost is kept for a while, with its viewers, for the
 * encoder that comes back: a broadcast is not a connection.
 *
 *     (none) --open--> live --close: unpublished, ended, suspended, draining--> (none)
 *                      ^  |
 *                 open |  | close: anything else
 *                      |  v
 *                     vacant --lingerMs--> (none)
 */
import { FrameBlocks } from './frame-log.ts'
import { LiveStream, type SentNote } from './live-stream.ts'
import { LiveViewer, type ViewerEnding, type ViewerOptions } from './live-viewer.ts'
import type { MediaMessage } from './media-message.ts'
import type { SessionEnding } from './publish-gate.ts'

export interface LiveHubLimits {
  readonly maxGopBytes: number
  readonly maxQueuedBytes: number
  readonly stallMs: number
  readonly batchMs: number
  readonly lingerMs: number
}

/** Six seconds of 8 Mbit/s; and room for such a join in the queue. */
export const LIVE_HUB_LIMITS: LiveHubLimits = {
  maxGopBytes: 6 * 1024 * 1024,
  maxQueuedBytes: 8 * 1024 * 1024,
  stallMs: 15_000,
  batchMs: 100,
  lingerMs: 10_000,
}

/** After these nobody comes back to the stream. */
const OVER: ReadonlySet<SessionEnding> = new Set([
  'unpublished',
  'ended',
  'suspended',
  'draining',
  'size-limit',
])

/** The encoder's end of a live stream. */
export interface LivePublication {
  /** Copies the message. Undefined when another publication has taken the name over. */
  write(message: MediaMessage): SentNote | undefined
  /** Sends what waits for others to travel with. */
  flush(): void
  close(ending: SessionEnding): void
}

/** A viewer's place in a stream. */
export interface LiveSeat {
  setPaused(paused: boolean): void
  leave(): void
}

export interface LiveStreamSnapshot {
  readonly streamName: string
  /** False while it waits for its encoder to come back. */
  readonly onAir: boolean
  readonly viewers: number
  readonly gopBytes: number
  /** Waiting for slow viewers, counted once for each: they share the memory. */
  readonly queuedBytes: number
}

interface Entry {
  readonly stream: LiveStream
  /** Undefined while vacant. */
  publication: LivePublication | undefined
  timer: NodeJS.Timeout | undefined
}

export class LiveHub implements Disposable {
  readonly #limits: LiveHubLimits
  readonly #blocks = new FrameBlocks()
  readonly #entries = new Map<string, Entry>()
  readonly #waiting = new Map<string, Set<() => void>>()

  constructor(limits: Partial<LiveHubLimits> = {}) {
    this.#limits = { ...LIVE_HUB_LIMITS, ...limits }
  }

  open(streamName: string): LivePublication {
    const known = this.#entries.get(streamName)
    if (known) known.stream.resume()
    const entry = known ?? {
      stream: new LiveStream(this.#limits, this.#blocks),
      publication: undefined,
      timer: undefined,
    }
    clearTimeout(entry.timer)
    const publication: LivePublication = {
      write: (message) => (entry.publication === publication ? entry.stream.write(message) : undefined),
      flush: () => entry.stream.flush(),
      close: (ending) => {
        if (entry.publication === publication) this.#vacate(streamName, entry, ending)
      },
    }
    entry.publication = publication
    this.#entries.set(streamName, entry)
    for (const wake of this.#waiting.get(streamName) ?? []) wake()
    return publication
  }

  /** Also while it waits for its encoder to come back. */
  isLive(streamName: string): boolean {
    return this.#entries.has(streamName)
  }

  /** Resolves when the stream is live, true; or when the signal aborts, false. */
  whenLive(streamName: string, signal: AbortSignal): Promise<boolean> {
    if (this.isLive(streamName)) return Promise.resolve(true)
    if (signal.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(streamName) ?? new Set()
      this.#waiting.set(streamName, waiting)
      const settle = (live: boolean) => {
        signal.removeEventListener('abort', abort)
        waiting.delete(wake)
        if (waiting.size === 0) this.#waiting.delete(streamName)
        resolve(live)
      }
      const wake = () => settle(true)
      const abort = () => settle(false)
      waiting.add(wake)
      signal.addEventListener('abort', abort)
    })
  }

  /** Undefined when there is no such stream. */
  join(streamName: string, viewer: Omit<ViewerOptions, 'limits'>): LiveSeat | undefined {
    const stream = this.#entries.get(streamName)?.stream
    if (!stream) return undefined
    const seated = new LiveViewer({
      ...viewer,
      limits: this.#limits,
      onEnd: (ending: ViewerEnding) => {
        stream.leave(seated)
        viewer.onEnd(ending)
      },
    })
    stream.join(seated)
    return { setPaused: (paused) => seated.setPaused(paused), leave: () => seated.end('left') }
  }

  snapshot(): LiveStreamSnapshot[] {
    return [...this.#entries].map(([streamName, { stream, publication }]) => ({
      streamName,
      onAir: publication !== undefined,
      viewers: stream.viewerCount,
      gopBytes: stream.gopBytes,
      queuedBytes: stream.queuedBytes,
    }))
  }

  /** Ends every stream; viewers are told and get what is queued. */
  close(): void {
    for (const [streamName, entry] of this.#entries) this.#remove(streamName, entry)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #vacate(streamName: string, entry: Entry, ending: SessionEnding): void {
    entry.publication = undefined
    if (OVER.has(ending)) this.#remove(streamName, entry)
    else entry.timer = setTimeout(() => this.#remove(streamName, entry), this.#limits.lingerMs)
  }

  #remove(streamName: string, entry: Entry): void {
    clearTimeout(entry.timer)
    entry.publication = undefined
    if (this.#entries.get(streamName) === entry) this.#entries.delete(streamName)
    entry.stream.end('stream-over')
  }
}
