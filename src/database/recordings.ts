/**
 * Parts of recordings in Postgres: the RecordingLedger of recording/, and what salvage found.
 * News is taken at once and written in order behind, tried again while the database is away.
 */
import { type BroadcastId, newId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import { retryUntilDone } from '../kernel/retry.ts'
import type { ClosedPart, OpenedPart, RecordingLedger } from '../recording/recording-ledger.ts'
import type { SalvagedPart } from '../recording/salvage.ts'
import type { Database } from './client.ts'
import type { Prisma } from './generated/client.ts'

export interface PostgresRecordingLedger extends RecordingLedger {
  /** A part found open after a crash, now repaired. A part whose row never came to be gets one, in the broadcast's last session. */
  partSalvaged(broadcastId: BroadcastId, part: number, found: SalvagedPart): Promise<void>
  /** Resolves when all news so far is written. */
  settled(): Promise<void>
  /** Tries once more what is not written yet, and resolves. What still fails is found by salvage at the next start. */
  close(): Promise<void>
}

export function makeRecordingLedger(database: Database, log: Logger): PostgresRecordingLedger {
  const stopping = new AbortController()
  let written: Promise<void> = Promise.resolve()

  const later = (what: string, write: () => Promise<unknown>) => {
    written = written.then(() =>
      retryUntilDone(
        async () => {
          await write()
        },
        {
          signal: stopping.signal,
          onRetry: (error) =>
            log.warn({ err: error, what }, 'the database did not take it yet; trying again'),
        },
      ),
    )
  }
  const keyOf = ({ broadcastId, part }: OpenedPart) => ({ broadcastId_part: { broadcastId, part } })
  const rowOf = ({ broadcastId, sessionId, part, startedAt }: OpenedPart) => ({
    id: newId(),
    broadcastId,
    sessionId,
    part,
    startedAt,
  })

  return {
    partOpened(part) {
      later('part opened', () =>
        database.recording.upsert({ where: keyOf(part), create: rowOf(part), update: {} }),
      )
    },

    partClosed(part: ClosedPart) {
      const outcome = {
        state: part.failure === undefined ? ('closed' as const) : ('failed' as const),
        bytes: BigInt(part.bytes),
        durationSeconds: part.durationSeconds,
        pauses: part.pauses as unknown as Prisma.InputJsonValue,
        endedAt: part.endedAt,
        failure: part.failure ?? null,
      }
      later('part closed', () =>
        database.recording.upsert({
          where: keyOf(part),
          create: { ...rowOf(part), ...outcome },
          update: outcome,
        }),
      )
    },

    async partSalvaged(broadcastId, part, found) {
      const outcome = {
        state: 'salvaged' as const,
        bytes: BigInt(found.bytes),
        durationSeconds: found.durationSeconds,
        endedAt: new Date(),
      }
      const known = await database.recording.findUnique({
        where: { broadcastId_part: { broadcastId, part } },
        select: { id: true, state: true },
      })
      if (known) {
        if (known.state === 'open')
          await database.recording.update({ where: { id: known.id }, data: outcome })
        return
      }
      const session = await database.broadcastSession.findFirst({
        where: { broadcastId },
        orderBy: { ordinal: 'desc' },
        select: { id: true },
      })
      if (session) {
        await database.recording.create({
          data: { id: newId(), broadcastId, sessionId: session.id, part, ...outcome },
        })
      }
    },

    settled: () => written,

    async close() {
      stopping.abort()
      await written
    },
  }
}
