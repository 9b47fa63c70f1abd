/** API tokens: `Authorization: Bearer rpt_…`, for programs. Only the SHA-256 is kept. */
import { createHash, randomBytes } from 'node:crypto'
import { AppError } from '../kernel/errors.ts'
import { newId, type UserId } from '../kernel/ids.ts'
import type { Asker, PersonRole } from './permissions.ts'

export const API_TOKEN_PREFIX = 'rpt_'

export interface ApiTokenRecord {
  readonly id: string
  readonly label: string
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
  readonly expiresAt: Date | null
}

export interface ApiTokenStore {
  add(token: ApiTokenRecord & { readonly userId: UserId; readonly hash: string }): Promise<void>
  /** Neither revoked nor expired, newest first. */
  list(userId: UserId): Promise<readonly ApiTokenRecord[]>
  /** False: that person has no such token. */
  revoke(userId: UserId, id: string): Promise<boolean>
  /** Whose it is, unless revoked, expired or banned. Marks it as used, to the minute. */
  findHolder(
    hash: string,
    now: Date,
  ): Promise<{ readonly userId: UserId; readonly role: PersonRole } | undefined>
}

export class ApiTokens {
  readonly #store: ApiTokenStore

  constructor(store: ApiTokenStore) {
    this.#store = store
  }

  /** The secret is in this answer only. */
  async create(
    userId: UserId,
    input: { readonly label: string; readonly expiresAt?: Date | undefined },
  ): Promise<ApiTokenRecord & { readonly token: string }> {
    if (input.expiresAt && input.expiresAt <= new Date()) {
      throw new AppError('invalid-input', 'The token would have expired already.', {
        fields: { faults: [{ path: 'expiresAt', message: 'must lie in the future' }] },
      })
    }
    const token = `${API_TOKEN_PREFIX}${randomBytes(24).toString('base64url')}`
    const record: ApiTokenRecord = {
      id: newId(),
      label: input.label,
      createdAt: new Date(),
      lastUsedAt: null,
      expiresAt: input.expiresAt ?? null,
    }
    await this.#store.add({ ...record, userId, hash: hashApiToken(token) })
    return { ...record, token }
  }

  list(userId: UserId): Promise<readonly ApiTokenRecord[]> {
    return this.#store.list(userId)
  }

  /** Throws AppError `not-found`. */
  async revoke(userId: UserId, id: string): Promise<void> {
    if (!(await this.#store.revoke(userId, id)))
      throw new AppError('not-found', 'You have no such API token.')
  }

  /** Undefined: unknown, revoked or expired. */
  async authenticate(token: string): Promise<Asker | undefined> {
    if (!token.startsWith(API_TOKEN_PREFIX)) return undefined
    const holder = await this.#store.findHolder(hashApiToken(token), new Date())
    return holder && { kind: 'person', ...holder }
  }
}

/** SHA-256 in hex. A token has 192 random bits, so a fast hash is safe and can be looked up. */
export function hashApiToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
