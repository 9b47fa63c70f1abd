/**
 * Server-sent events: every open page hears of what it may see. Changes of the catalogue are collected for
 * half a second for each video, read once, and shown to each listener as permitted to them; while a
 * broadcast is on air its health goes to who may manage it, every 2 s.
 * WHATWG HTML (Living Standard) §9.2.
 */
import type { BroadcastId, UserId, VideoId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import { type ArchivedBroadcast, type BroadcastArchiveStore, ownerOf } from '../library/broadcast-archive.ts'
import type { CatalogueChanges } from '../library/catalogue-changes.ts'
import { type Asker, listable, may } from '../library/permissions.ts'
import { subjectOf, type VideoRecord } from '../library/video-record.ts'
import type { VideoStore } from '../library/video-store.ts'
import type { ServerEvent } from './contract/events.ts'
import type { ShowBroadcast } from './wire-broadcast.ts'
import type { ShowVideo } from './wire-video.ts'

/** At most this often for each video and broadcast: progress is watched by eye. */
const COLLECT_MS = 500
const HEALTH_MS = 2000
/** Keeps proxies from closing a quiet connection, and finds the dead ones. */
const HEARTBEAT_MS = 15_000
/** A listener that has this much unread is gone or hopeless; its browser comes back by itself. */
const MAX_UNREAD_BYTES = 512 * 1024
export const MAX_LISTENERS = 2000
/** The hub itself follows every broadcast; what listeners are told is decided for each of them. */
const EVERYTHING: Asker = { kind: 'person', userId: '' as UserId, role: 'admin' }

/** Where a listener's events go: a response. */
export interface EventSink {
  write(text: string): boolean
  readonly writableLength: number
  end(): void
  destroy(): void
}

interface Listener {
  readonly asker: Asker
  readonly sink: EventSink
  readonly videoId: VideoId | undefined
  /** What was sent: one that is made private is taken from the page. */
  readonly known: Set<VideoId>
}

export interface EventsHubOptions {
  readonly changes: CatalogueChanges
  readonly videos: Pick<VideoStore, 'find'>
  readonly broadcasts: Pick<BroadcastArchiveStore, 'find' | 'search'>
  readonly showVideo: ShowVideo
  readonly showBroadcast: ShowBroadcast
  readonly log: Logger
}

export class EventsHub implements AsyncDisposable {
  readonly #options: EventsHubOptions
  readonly #listeners = new Set<Listener>()
  readonly #dirtyVideos = new Set<VideoId>()
  readonly #dirtyBroadcasts = new Set<BroadcastId>()
  readonly #onAir = new Set<BroadcastId>()
  readonly #unsubscribe: () => void
  readonly #timers: readonly NodeJS.Timeout[]
  #collecting: NodeJS.Timeout | undefined
  #flushing: Promise<void> = Promise.resolve()
  #closed = false

  constructor(options: EventsHubOptions) {
    this.#options = options
    this.#unsubscribe = options.changes.subscribe((change) => {
      if (this.#listeners.size === 0) return
      this.#dirtyVideos.add(change.videoId)
      if (change.kind === 'broadcast') this.#dirtyBroadcasts.add(change.broadcastId)
      this.#collect()
    })
    this.#timers = [
      setInterval(() => this.#heartbeat(), HEARTBEAT_MS),
      setInterval(() => {
        for (const id of this.#onAir) this.#dirtyBroadcasts.add(id)
        if (this.#onAir.size > 0) this.#collect()
      }, HEALTH_MS),
    ]
    for (const timer of this.#timers) timer.unref()
  }

  get size(): number {
    return this.#listeners.size
  }

  /** Whether anybody is there who may manage something. */
  get hasPeople(): boolean {
    for (const { asker } of this.#listeners) if (asker.kind === 'person') return true
    return false
  }

  /** Tells those who may manage it. `ownerId` null: administrators. */
  tellManagers(
    subject: { readonly ownerId: UserId | null; readonly videoId: VideoId | null },
    event: ServerEvent,
  ): void {
    const { ownerId, videoId } = subject
    for (const listener of this.#listeners) {
      if (listener.videoId !== undefined && listener.videoId !== videoId) continue
      const { asker } = listener
      if (ownerId === null ? may(asker, 'administer', null) : may(asker, 'manage', { ownerId }))
        this.#send(listener, event)
    }
  }

  /** Returns what ends it. `videoId`: only of that video. */
  join(asker: Asker, sink: EventSink, videoId: VideoId | undefined): () => void {
    const listener: Listener = { asker, sink, videoId, known: new Set() }
    const first = this.#listeners.size === 0
    this.#listeners.add(listener)
    // While nobody listened nothing was followed: what is on air now is not known.
    if (first) this.#inTurn(() => this.#findOnAir())
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#onAir.clear()
    }
  }

  /** Ends every listener's stream. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#unsubscribe()
    for (const timer of this.#timers) clearInterval(timer)
    clearTimeout(this.#collecting)
    for (const { sink } of this.#listeners) sink.end()
    this.#listeners.clear()
    await this.#flushing
  }

  #collect(): void {
    if (this.#closed) return
    this.#collecting ??= setTimeout(() => {
      this.#collecting = undefined
      this.#inTurn(() => this.#flush())
    }, COLLECT_MS)
  }

  #inTurn(work: () => Promise<void>): void {
    this.#flushing = this.#flushing.then(work).catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'changes could not be told to the open pages')
    })
  }

  async #findOnAir(): Promise<void> {
    const live = await this.#options.broadcasts.search({
      filter: listable(EVERYTHING, 'all'),
      state: 'live',
      limit: 1000,
    })
    for (const { id } of live) this.#onAir.add(id)
  }

  async #flush(): Promise<void> {
    const { videos, broadcasts } = this.#options
    for (const id of takeAll(this.#dirtyVideos)) {
      const video = await videos.find(id)
      for (const listener of this.#listeners) this.#tellVideo(listener, id, video)
    }
    for (const id of takeAll(this.#dirtyBroadcasts)) {
      const broadcast = await broadcasts.find(id)
      if (broadcast?.state === 'live' && this.#listeners.size > 0) this.#onAir.add(id)
      else this.#onAir.delete(id)
      if (broadcast) for (const listener of this.#listeners) this.#tellBroadcast(listener, broadcast)
    }
  }

  #tellVideo(listener: Listener, id: VideoId, video: VideoRecord | undefined): void {
    if (listener.videoId !== undefined && listener.videoId !== id) return
    const { asker } = listener
    // Unlisted ones are told only to who asked for that very video, or may find them anyway.
    const subject = video && subjectOf(video)
    const seen =
      subject !== undefined &&
      (listener.videoId === id
        ? may(asker, 'watch', subject)
        : may(asker, 'browse', subject) || may(asker, 'edit', subject))
    if (seen && video) {
      listener.known.add(id)
      this.#send(listener, { type: 'video', video: this.#options.showVideo(video, asker) })
    } else if (listener.known.delete(id) || !video) {
      // Of a deleted one everybody hears: whose page lists it is not known here, and its id opens nothing.
      this.#send(listener, { type: 'video-deleted', videoId: id })
    }
  }

  #tellBroadcast(listener: Listener, broadcast: ArchivedBroadcast): void {
    if (listener.videoId !== undefined && listener.videoId !== broadcast.video.id) return
    if (!may(listener.asker, 'manage', ownerOf(broadcast))) return
    this.#send(listener, {
      type: 'broadcast',
      broadcast: this.#options.showBroadcast(broadcast, listener.asker),
    })
  }

  #send(listener: Listener, event: ServerEvent): void {
    this.#write(listener, `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  }

  #heartbeat(): void {
    for (const listener of this.#listeners) this.#write(listener, ':\n\n')
  }

  #write(listener: Listener, text: string): void {
    const { sink } = listener
    if (sink.writableLength > MAX_UNREAD_BYTES) {
      this.#listeners.delete(listener)
      sink.destroy()
      return
    }
    sink.write(text)
  }
}

function takeAll<T>(set: Set<T>): readonly T[] {
  const all = [...set]
  set.clear()
  return all
}
