/** Channels: where a creator's videos appear, and the public name of the live stream. */
import { AppError } from '../kernel/errors.ts'
import { type ChannelId, newId, type UserId } from '../kernel/ids.ts'

export interface ChannelRecord {
  readonly id: ChannelId
  readonly ownerId: UserId
  readonly handle: string
  readonly name: string
}

export interface ChannelStore {
  /** Oldest first. */
  listOf(userId: UserId): Promise<readonly ChannelRecord[]>
  findByHandle(handle: string): Promise<ChannelRecord | undefined>
  /** False: the handle is taken. */
  add(channel: ChannelRecord): Promise<boolean>
  /** Null: the default counts; 0: no limit. False: there is no such channel. */
  setQuota(channelId: ChannelId, quotaBytes: number | null): Promise<boolean>
}

const MAX_HANDLE_LENGTH = 40
/** First words of our own addresses; a channel of that name would be confusing. */
const RESERVED = new Set([
  'live',
  'api',
  'media',
  'watch',
  'studio',
  'assets',
  'healthz',
  'readyz',
  'metrics',
])

/** A handle from a name: lower-case letters, digits and hyphens. "Ève & Bob" becomes "eve-bob". */
export function handleFrom(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_HANDLE_LENGTH)
    .replace(/^-+|-+$/g, '')
  return plain === '' || RESERVED.has(plain) ? `channel${plain && `-${plain}`}` : plain
}

export class Channels {
  readonly #store: ChannelStore

  constructor(store: ChannelStore) {
    this.#store = store
  }

  listOf(userId: UserId): Promise<readonly ChannelRecord[]> {
    return this.#store.listOf(userId)
  }

  findByHandle(handle: string): Promise<ChannelRecord | undefined> {
    return this.#store.findByHandle(handle)
  }

  /** Throws AppError `not-found`. */
  async setQuota(channelId: ChannelId, quotaBytes: number | null): Promise<void> {
    if (!(await this.#store.setQuota(channelId, quotaBytes)))
      throw new AppError('not-found', 'There is no such channel.')
  }

  /** The person's first channel, made from their name when there is none: the first of `eve`, `eve-2`, `eve-3` … that is free. */
  async ensure(userId: UserId, name: string): Promise<ChannelRecord> {
    const [own] = await this.#store.listOf(userId)
    if (own) return own
    const base = handleFrom(name)
    for (let n = 1; n <= 1000; n += 1) {
      const channel = {
        id: newId<ChannelId>(),
        ownerId: userId,
        handle: n === 1 ? base : `${base}-${n}`,
        name,
      }
      if (await this.#store.add(channel)) return channel
    }
    throw new AppError('conflict', `Every channel name like "${base}" is taken: choose another name.`)
  }
}
