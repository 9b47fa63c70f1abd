/** The catalogue's rules over videos: who sees, finds, edits and deletes which. */
import { AppError } from '../kernel/errors.ts'
import type { BroadcastId, ChannelId, VideoId } from '../kernel/ids.ts'
import { demand, demandSignIn } from './demand-permission.ts'
import { type Asker, listable, may } from './permissions.ts'
import { encodeVideoCursor, parseVideoCursor, type VideoCursor, type VideoSort } from './video-cursor.ts'
import { subjectOf, type VideoRecord } from './video-record.ts'
import type { VideoRemoval } from './video-removal.ts'
import type { VideoEdit, VideoStore } from './video-store.ts'

export interface VideoListQuery {
  readonly q?: string | undefined
  readonly channel?: string | undefined
  readonly tag?: string | undefined
  readonly state?: VideoRecord['state'] | undefined
  readonly scope: 'public' | 'mine' | 'all'
  readonly sort: VideoSort
  readonly cursor?: string | undefined
  readonly limit: number
}

/** More words narrow a search no further in practice, and each costs the database a comparison. */
const MAX_WORDS = 8

export class Videos {
  readonly #store: VideoStore
  readonly #removal: VideoRemoval

  constructor(store: VideoStore, removal: VideoRemoval) {
    this.#store = store
    this.#removal = removal
  }

  /** Throws AppError `bad-request` on a foreign cursor, `sign-in-required`, `forbidden`. */
  async list(
    asker: Asker,
    query: VideoListQuery,
  ): Promise<{ readonly items: readonly VideoRecord[]; readonly nextCursor: string | null }> {
    if (query.scope === 'mine') demandSignIn(asker)
    if (query.scope === 'all') demand(asker, 'administer', null)
    const found = await this.#store.search({
      filter: listable(asker, query.scope),
      words: (query.q ?? '').split(/\s+/).filter(Boolean).slice(0, MAX_WORDS),
      channel: query.channel,
      tag: query.tag,
      state: query.state,
      sort: query.sort,
      after: query.cursor === undefined ? undefined : parseVideoCursor(query.cursor, query.sort),
      limit: query.limit + 1,
    })
    const items = found.slice(0, query.limit)
    const last = found.length > query.limit ? items.at(-1) : undefined
    return { items, nextCursor: last ? encodeVideoCursor(cursorAfter(last, query.sort)) : null }
  }

  /** Throws AppError `not-found`, also for what the asker may not watch: that it exists is private too. */
  async get(asker: Asker, id: VideoId): Promise<VideoRecord> {
    const video = await this.#store.find(id)
    if (!video || !may(asker, 'watch', subjectOf(video))) throw notFound()
    return video
  }

  /** The channel's video on air, when the asker may watch it. */
  async getLive(asker: Asker, channelId: ChannelId): Promise<VideoRecord | undefined> {
    const video = await this.#store.findLive(channelId)
    return video && may(asker, 'watch', subjectOf(video)) ? video : undefined
  }

  /** Throws AppError `not-found`, `sign-in-required`, `forbidden`. */
  async edit(asker: Asker, id: VideoId, edit: VideoEdit): Promise<VideoRecord> {
    demand(asker, 'edit', subjectOf(await this.get(asker, id)))
    const tags = edit.tags && [...new Map(edit.tags.map((tag) => [tag.toLowerCase(), tag])).values()]
    if (!(await this.#store.edit(id, { ...edit, tags }))) throw notFound()
    return this.get(asker, id)
  }

  /**
   * Gone from the catalogue when this resolves; its files and rows go in the background. What is on air is ended
   * before; `endBroadcast` says false of what is not on air where it looks.
   * Throws AppError `not-found`, `sign-in-required`, `forbidden`, `conflict` while on air elsewhere.
   */
  async delete(
    asker: Asker,
    id: VideoId,
    endBroadcast: (id: BroadcastId) => Promise<boolean>,
  ): Promise<void> {
    const video = await this.get(asker, id)
    demand(asker, 'delete', subjectOf(video))
    const { broadcastId } = video
    const isOnAir = video.state === 'live'
    if (isOnAir && !(broadcastId && (await endBroadcast(broadcastId)))) {
      if ((await this.#store.find(id))?.state === 'live')
        throw new AppError('conflict', 'The video is on air in another program: end the broadcast first.')
    }
    // A broadcast in which nothing was sent is put away at its end.
    if (!(await this.#store.markDeleted(id, new Date())) && !isOnAir) throw notFound()
    this.#removal.begin()
  }
}

function notFound(): AppError {
  return new AppError('not-found', 'There is no such video.')
}

function cursorAfter(video: VideoRecord, sort: VideoSort): VideoCursor {
  switch (sort) {
    case 'title':
      return { sort, value: video.title, id: video.id }
    case 'longest':
      return { sort, value: video.durationSeconds ?? -1, id: video.id }
    case 'newest':
    case 'oldest':
      return { sort, value: video.publishedAt.toISOString(), id: video.id }
  }
}
