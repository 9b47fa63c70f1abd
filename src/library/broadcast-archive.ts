/** Broadcasts to be read: by their creators, and by viewers of the replay who want to know what is missing. */
import { AppError } from '../kernel/errors.ts'
import type { BroadcastId, UserId } from '../kernel/ids.ts'
import type { SessionOutcome, Verdict } from '../recording/verdict.ts'
import { demand } from './demand-permission.ts'
import { type Asker, listable, may, type VideoFilter } from './permissions.ts'
import { subjectOf, type VideoRecord } from './video-record.ts'

export interface ArchivedSession {
  readonly id: string
  readonly encoder: string
  readonly startedAt: Date
  readonly endedAt: Date | null
  readonly ending: SessionOutcome | null
  readonly bytes: number
}

export interface ArchivedBroadcast {
  readonly id: BroadcastId
  readonly state: 'live' | 'interrupted' | 'ended'
  readonly video: VideoRecord
  readonly startedAt: Date
  readonly endedAt: Date | null
  readonly graceUntil: Date | null
  readonly sessions: readonly ArchivedSession[]
  readonly verdict: Verdict | null
  /** As last written to the rows of its parts. */
  readonly recordedBytes: number
  readonly recordedSeconds: number
}

export interface BroadcastSearch {
  /** Over the broadcasts' videos. */
  readonly filter: VideoFilter
  readonly state?: ArchivedBroadcast['state'] | undefined
  readonly after?: { readonly startedAt: Date; readonly id: string } | undefined
  readonly limit: number
}

/** Broadcasts of deleted videos are not found. */
export interface BroadcastArchiveStore {
  /** Newest first. */
  search(search: BroadcastSearch): Promise<readonly ArchivedBroadcast[]>
  find(id: BroadcastId): Promise<ArchivedBroadcast | undefined>
}

export class BroadcastArchive {
  readonly #store: BroadcastArchiveStore

  constructor(store: BroadcastArchiveStore) {
    this.#store = store
  }

  /** Those of public videos, and the asker's own; every one for administrators. */
  async list(
    asker: Asker,
    query: {
      readonly state?: ArchivedBroadcast['state'] | undefined
      readonly cursor?: string | undefined
      readonly limit: number
    },
  ): Promise<{ readonly items: readonly ArchivedBroadcast[]; readonly nextCursor: string | null }> {
    const found = await this.#store.search({
      filter: mergeFilters(
        listable(asker, 'public'),
        listable(asker, asker.kind === 'person' && asker.role === 'admin' ? 'all' : 'mine'),
      ),
      state: query.state,
      after: query.cursor === undefined ? undefined : parseCursor(query.cursor),
      limit: query.limit + 1,
    })
    const items = found.slice(0, query.limit)
    const last = found.length > query.limit ? items.at(-1) : undefined
    return { items, nextCursor: last ? encodeCursor(last) : null }
  }

  /** Throws AppError `not-found`, also for what the asker may not watch. */
  async get(asker: Asker, id: BroadcastId): Promise<ArchivedBroadcast> {
    const broadcast = await this.#store.find(id)
    if (!broadcast || !may(asker, 'watch', subjectOf(broadcast.video))) {
      throw new AppError('not-found', 'There is no such broadcast.')
    }
    return broadcast
  }

  /** For its recording and its end. Throws AppError `not-found`, `sign-in-required`, `forbidden`. */
  async getManaged(asker: Asker, id: BroadcastId): Promise<ArchivedBroadcast> {
    const broadcast = await this.get(asker, id)
    demand(asker, 'manage', ownerOf(broadcast))
    return broadcast
  }
}

export function ownerOf(broadcast: ArchivedBroadcast): { readonly ownerId: UserId } {
  return { ownerId: broadcast.video.channel.ownerId }
}

function mergeFilters(a: VideoFilter, b: VideoFilter): VideoFilter {
  const merge = (x: VideoFilter['own'], y: VideoFilter['own']) => [
    ...x,
    ...y.filter(
      (kind) =>
        !x.some((other) => other.visibility === kind.visibility && other.presentable === kind.presentable),
    ),
  ]
  return { userId: a.userId, own: merge(a.own, b.own), others: merge(a.others, b.others) }
}

function encodeCursor(broadcast: ArchivedBroadcast): string {
  return Buffer.from(`${broadcast.startedAt.toISOString()} ${broadcast.id}`).toString('base64url')
}

function parseCursor(text: string): { startedAt: Date; id: string } {
  const [time = '', id = ''] = Buffer.from(text, 'base64url').toString().split(' ')
  const startedAt = new Date(time)
  if (Number.isNaN(startedAt.getTime()) || id === '') {
    throw new AppError('bad-request', 'The cursor does not belong to this list: begin again without one.')
  }
  return { startedAt, id }
}
