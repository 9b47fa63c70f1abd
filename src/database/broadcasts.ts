/** Broadcasts in Postgres: the BroadcastLedger of library/broadcasts. Each arrow is a conditional update. */
import type { BroadcastId, ChannelId, SessionId, VideoId } from '../kernel/ids.ts'
import type { BroadcastLedger, BroadcastRecord } from '../library/broadcasts/broadcast-ledger.ts'
import type { UnheardEncoder } from '../library/broadcasts/ended-encoders.ts'
import type { SessionOutcome, VerdictPause } from '../recording/verdict.ts'
import { readChannelStorage } from './channel-storage.ts'
import type { Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import { isBanned } from './people.ts'

const withParts = {
  channel: { select: { handle: true } },
  sessions: { orderBy: { ordinal: 'asc' } },
  recordings: { orderBy: { part: 'asc' } },
} as const satisfies Prisma.BroadcastInclude

type Row = Prisma.BroadcastGetPayload<{ include: typeof withParts }>

export function makeBroadcastLedger(database: Database): BroadcastLedger {
  return {
    async findKeyHolder(keyHash) {
      const key = await database.streamKey.findFirst({
        where: { hash: keyHash },
        include: { channel: { include: { owner: true } } },
      })
      if (!key) return undefined
      const { owner } = key.channel
      const now = new Date()
      return {
        streamKeyId: key.id,
        channelId: key.channelId as ChannelId,
        handle: key.channel.handle,
        channelName: key.channel.name,
        keyState: key.revokedAt
          ? 'revoked'
          : key.expiresAt !== null && key.expiresAt <= now
            ? 'expired'
            : 'valid',
        suspended: isBanned(owner, now) ? (owner.banReason ?? '') : undefined,
      }
    },

    async storageOf(channelId) {
      const found = (await readChannelStorage(database, [channelId])).get(channelId)
      return found ?? { storedBytes: 0, quotaBytes: undefined }
    },

    async listSuspended(channelIds) {
      const channels = await database.channel.findMany({
        where: { id: { in: [...channelIds] }, owner: { banned: true } },
        include: { owner: true },
      })
      const now = new Date()
      return new Map(
        channels
          .filter(({ owner }) => isBanned(owner, now))
          .map(({ id, owner }) => [id as ChannelId, owner.banReason ?? '']),
      )
    },

    async listUnheard() {
      const channels = await database.channel.findMany({
        where: { unheardEncoder: { not: Prisma.DbNull } },
        select: { id: true, unheardEncoder: true },
      })
      return new Map(channels.map(({ id, unheardEncoder }) => [id as ChannelId, readUnheard(unheardEncoder)]))
    },

    async setUnheard(channelId, encoder) {
      await database.channel.updateMany({
        where: { id: channelId },
        data: {
          unheardEncoder: encoder
            ? { ...encoder, until: encoder.until?.toISOString() ?? null }
            : Prisma.DbNull,
        },
      })
    },

    async listUnended() {
      const rows = await database.broadcast.findMany({
        where: { state: { not: 'ended' } },
        include: withParts,
      })
      return rows.map(readRecord)
    },

    async find(broadcastId) {
      const row = await database.broadcast.findUnique({ where: { id: broadcastId }, include: withParts })
      return row ? readRecord(row) : undefined
    },

    async open(broadcast, session) {
      await database.$transaction([
        database.video.create({
          data: {
            id: broadcast.videoId,
            channelId: broadcast.channelId,
            origin: 'broadcast',
            title: broadcast.title,
            state: 'live',
            publishedAt: broadcast.startedAt,
          },
        }),
        database.broadcast.create({
          data: {
            id: broadcast.broadcastId,
            channelId: broadcast.channelId,
            videoId: broadcast.videoId,
            streamKeyId: session.streamKeyId,
            state: 'live',
            startedAt: broadcast.startedAt,
          },
        }),
        database.broadcastSession.create({
          data: {
            id: session.sessionId,
            broadcastId: broadcast.broadcastId,
            ordinal: 0,
            encoder: session.encoder,
            startedAt: session.startedAt,
          },
        }),
        database.streamKey.updateMany({
          where: { id: session.streamKeyId },
          data: { lastUsedAt: session.startedAt },
        }),
      ])
    },

    async resume(session) {
      return database.$transaction(async (tx) => {
        const { count } = await tx.broadcast.updateMany({
          where: { id: session.broadcastId, state: { in: ['live', 'interrupted'] } },
          data: { state: 'live', graceUntil: null },
        })
        if (count === 0) return false
        // The update above holds the broadcast's row, so two sessions cannot take the same ordinal.
        const ordinal = await tx.broadcastSession.count({ where: { broadcastId: session.broadcastId } })
        await tx.broadcastSession.create({
          data: {
            id: session.sessionId,
            broadcastId: session.broadcastId,
            ordinal,
            encoder: session.encoder,
            startedAt: session.startedAt,
          },
        })
        await tx.streamKey.updateMany({
          where: { id: session.streamKeyId },
          data: { lastUsedAt: session.startedAt },
        })
        return true
      })
    },

    async closeSession(sessionId, ending, endedAt, bytes) {
      await database.broadcastSession.updateMany({
        where: { id: sessionId, endedAt: null },
        data: { ending, endedAt, bytes: BigInt(bytes) },
      })
    },

    async interrupt(broadcastId, graceUntil) {
      await database.broadcast.updateMany({
        where: { id: broadcastId, state: 'live' },
        data: { state: 'interrupted', graceUntil },
      })
    },

    async end(broadcastId, endedAt, verdict, recordedAnything) {
      await database.$transaction(async (tx) => {
        const { count } = await tx.broadcast.updateMany({
          where: { id: broadcastId, state: { not: 'ended' } },
          data: {
            state: 'ended',
            endedAt,
            graceUntil: null,
            verdict: verdict as unknown as Prisma.InputJsonValue,
          },
        })
        if (count === 0) return
        await tx.video.updateMany({
          where: { broadcast: { id: broadcastId }, state: 'live' },
          data: recordedAnything
            ? { state: 'processing' }
            : {
                state: 'failed',
                deletedAt: endedAt,
                failureCode: 'nothing-received',
                failureDetail: 'The encoder connected but sent no pictures and no sound.',
              },
        })
      })
    },
  }
}

/** As `setUnheard` wrote it. */
function readUnheard(json: Prisma.JsonValue): UnheardEncoder {
  const { until, ...encoder } = json as unknown as UnheardEncoder & { readonly until: string | null }
  return { ...encoder, until: until === null ? undefined : new Date(until) }
}

function readRecord(row: Row): BroadcastRecord {
  return {
    broadcastId: row.id as BroadcastId,
    videoId: row.videoId as VideoId,
    channelId: row.channelId as ChannelId,
    handle: row.channel.handle,
    state: row.state,
    startedAt: row.startedAt,
    graceUntil: row.graceUntil ?? undefined,
    sessions: row.sessions.map((session) => ({
      sessionId: session.id as SessionId,
      ordinal: session.ordinal,
      startedAt: session.startedAt,
      endedAt: session.endedAt ?? undefined,
      ending: (session.ending as SessionOutcome | null) ?? undefined,
    })),
    parts: row.recordings.map((part) => ({
      part: part.part,
      sessionId: part.sessionId as SessionId,
      state: part.state,
      durationSeconds: part.durationSeconds,
      bytes: Number(part.bytes),
      pauses: part.pauses as unknown as VerdictPause[],
    })),
  }
}
