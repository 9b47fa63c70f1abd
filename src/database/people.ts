/** People, their API tokens and channels in Postgres: ports of the library. */
import type { ChannelId, UserId } from '../kernel/ids.ts'
import type { ApiTokenStore } from '../library/api-tokens.ts'
import type { ChannelRecord, ChannelStore } from '../library/channels.ts'
import type { PeopleDirectory, PersonRecord } from '../library/people.ts'
import type { PersonRole } from '../library/permissions.ts'
import type { StreamKeyStore } from '../library/stream-keys.ts'
import { readChannelStorage } from './channel-storage.ts'
import type { Database } from './client.ts'
import type { User as UserRow } from './generated/client.ts'

/** Last use is written at most this often for each token. */
const LAST_USED_RESOLUTION_MS = 60_000

export function makePeopleDirectory(database: Database): PeopleDirectory {
  return {
    async find(userId) {
      const row = await database.user.findUnique({ where: { id: userId } })
      return row ? readPerson(row) : undefined
    },
    async findByEmail(email) {
      const row = await database.user.findUnique({ where: { email: email.toLowerCase() } })
      return row ? readPerson(row) : undefined
    },
    async list() {
      return (await database.user.findMany({ orderBy: { email: 'asc' } })).map(readPerson)
    },
    async overview() {
      const people = await database.user.findMany({
        orderBy: { email: 'asc' },
        include: { channels: { orderBy: { id: 'asc' }, select: { id: true, handle: true, name: true } } },
      })
      const storage = await readChannelStorage(database)
      return people.map(({ channels, ...row }) => ({
        ...readPerson(row),
        channels: channels.map(({ id, ...channel }) => ({
          ...channel,
          id: id as ChannelId,
          ...(storage.get(id as ChannelId) ?? { storedBytes: 0, quotaBytes: undefined }),
        })),
      }))
    },
  }
}

export function makeApiTokenStore(database: Database): ApiTokenStore {
  const alive = (now: Date) => ({ revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] })
  return {
    async add(token) {
      await database.apiToken.create({ data: token })
    },
    async list(userId) {
      return database.apiToken.findMany({
        where: { userId, ...alive(new Date()) },
        orderBy: { id: 'desc' },
        select: { id: true, label: true, createdAt: true, lastUsedAt: true, expiresAt: true },
      })
    },
    async revoke(userId, id) {
      const { count } = await database.apiToken.updateMany({
        where: { id, userId, revokedAt: null },
        data: { revokedAt: new Date() },
      })
      return count > 0
    },
    async findHolder(hash, now) {
      const token = await database.apiToken.findFirst({
        where: { hash, ...alive(now) },
        select: {
          id: true,
          lastUsedAt: true,
          user: { select: { id: true, role: true, banned: true, banExpires: true } },
        },
      })
      if (!token || isBanned(token.user, now)) return undefined
      if (!token.lastUsedAt || now.getTime() - token.lastUsedAt.getTime() > LAST_USED_RESOLUTION_MS) {
        await database.apiToken.updateMany({ where: { id: token.id }, data: { lastUsedAt: now } })
      }
      return { userId: token.user.id as UserId, role: readRole(token.user.role) }
    },
  }
}

export function makeChannelStore(database: Database): ChannelStore {
  const select = { id: true, ownerId: true, handle: true, name: true } as const
  const read = (row: { id: string; ownerId: string; handle: string; name: string }): ChannelRecord => ({
    ...row,
    id: row.id as ChannelId,
    ownerId: row.ownerId as UserId,
  })
  return {
    async listOf(userId) {
      return (
        await database.channel.findMany({ where: { ownerId: userId }, orderBy: { id: 'asc' }, select })
      ).map(read)
    },
    async findByHandle(handle) {
      const row = await database.channel.findUnique({ where: { handle }, select })
      return row ? read(row) : undefined
    },
    async add(channel) {
      const { count } = await database.channel.createMany({ data: [channel], skipDuplicates: true })
      return count > 0
    },
    async setQuota(channelId, quotaBytes) {
      const { count } = await database.channel.updateMany({
        where: { id: channelId },
        data: { quotaBytes: quotaBytes === null ? null : BigInt(quotaBytes) },
      })
      return count > 0
    },
  }
}

export function makeStreamKeyStore(database: Database): StreamKeyStore {
  return {
    async add(key) {
      await database.streamKey.create({ data: key })
    },
    async listOf(userId) {
      return database.streamKey.findMany({
        where: { channel: { ownerId: userId }, revokedAt: null },
        orderBy: { id: 'desc' },
        select: { id: true, label: true, hint: true, createdAt: true, lastUsedAt: true, expiresAt: true },
      })
    },
    async revoke(userId, id) {
      const { count } = await database.streamKey.updateMany({
        where: { id, channel: { ownerId: userId }, revokedAt: null },
        data: { revokedAt: new Date() },
      })
      return count > 0
    },
  }
}

function readPerson(row: UserRow): PersonRecord {
  const { banReason, banExpires } = row
  return {
    id: row.id as UserId,
    name: row.name,
    email: row.email,
    role: readRole(row.role),
    suspension: isBanned(row, new Date())
      ? { reason: banReason ?? '', until: banExpires ?? undefined }
      : undefined,
  }
}

/** A role this version does not know is the least. */
function readRole(role: string): PersonRole {
  return role === 'admin' || role === 'creator' ? role : 'viewer'
}

/** Banned in better-auth's words is what people are told to be suspended. */
export function isBanned(user: { banned: boolean; banExpires: Date | null }, now: Date): boolean {
  return user.banned && (user.banExpires === null || user.banExpires > now)
}
