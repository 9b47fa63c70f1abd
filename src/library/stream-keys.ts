/** Stream keys: secrets that let an encoder publish on a channel. Shown once, when made. */
import { AppError } from '../kernel/errors.ts'
import { type ChannelId, newId, type UserId } from '../kernel/ids.ts'
import { hashStreamKey, newStreamKey } from './stream-key-secret.ts'

export interface StreamKeyRecord {
  readonly id: string
  readonly label: string
  /** Its last four characters. */
  readonly hint: string
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
  /** Nothing begins with it after that. Null: never. */
  readonly expiresAt: Date | null
}

export interface StreamKeyStore {
  add(key: StreamKeyRecord & { readonly channelId: ChannelId; readonly hash: string }): Promise<void>
  /** Of the person's channels, not revoked, newest first. */
  listOf(userId: UserId): Promise<readonly StreamKeyRecord[]>
  /** False: that person has no such key. */
  revoke(userId: UserId, id: string): Promise<boolean>
}

export class StreamKeys {
  readonly #store: StreamKeyStore

  constructor(store: StreamKeyStore) {
    this.#store = store
  }

  /** The secret is in this answer only. */
  async create(
    channelId: ChannelId,
    label: string,
    expiresAt: Date | null = null,
  ): Promise<StreamKeyRecord & { readonly key: string }> {
    const key = newStreamKey()
    const hint = key.slice(-4)
    const record = { id: newId(), label, hint, createdAt: new Date(), lastUsedAt: null, expiresAt }
    await this.#store.add({ ...record, channelId, hash: hashStreamKey(key) })
    return { ...record, key }
  }

  listOf(userId: UserId): Promise<readonly StreamKeyRecord[]> {
    return this.#store.listOf(userId)
  }

  /** A broadcast that already runs with the key goes on; nothing new begins. Throws AppError `not-found`. */
  async revoke(userId: UserId, id: string): Promise<void> {
    if (!(await this.#store.revoke(userId, id)))
      throw new AppError('not-found', 'You have no such stream key.')
  }
}
