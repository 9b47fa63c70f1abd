/**
 * What a start does about broadcasts that had not ended when the program stopped or died: their
 * recordings are salvaged, their sessions closed, and each waits for its encoder for what is left
 * of its grace, counted from the last byte recorded. Then it ends by itself and its replay is complete.
 */
import type { BroadcastId } from '../../kernel/ids.ts'
import type { Logger } from '../../kernel/logger.ts'
import type { BroadcastLedger } from './broadcast-ledger.ts'
import type { BroadcastService } from './broadcast-service.ts'

export interface SalvagedRecording {
  /** When the last byte was written; undefined when there is no recording. */
  readonly lastWrittenAt: Date | undefined
  /** Media bytes on disk, of all parts. */
  readonly bytes: number
}

export interface BroadcastRecoveryOptions {
  readonly ledger: BroadcastLedger
  /** Cuts and closes every part of the broadcast on disk, and writes their rows. */
  readonly salvage: (broadcastId: BroadcastId) => Promise<SalvagedRecording>
  readonly broadcasts: BroadcastService
  readonly graceMs: number
  readonly log: Logger
}

export async function recoverBroadcasts(options: BroadcastRecoveryOptions): Promise<void> {
  const { ledger, salvage, broadcasts, graceMs, log } = options
  for (const found of await ledger.listUnended()) {
    const { broadcastId } = found
    // One that cannot be read or repaired now must not keep all the others from being watched and recorded.
    const { lastWrittenAt, bytes } = await salvage(broadcastId).catch((error: unknown) => {
      log.error({ err: error, broadcastId }, 'a recording could not be salvaged; it is left as it is')
      return { lastWrittenAt: undefined, bytes: 0 }
    })
    const leftAt = lastWrittenAt ?? found.startedAt
    for (const session of found.sessions) {
      if (session.endedAt === undefined)
        await ledger.closeSession(session.sessionId, 'crashed', leftAt, bytes)
    }
    const graceUntil = found.graceUntil ?? new Date(leftAt.getTime() + graceMs)
    await ledger.interrupt(broadcastId, graceUntil)
    log.info({ broadcastId, bytes, graceUntil }, 'broadcast found open: salvaged, waiting for its encoder')
    broadcasts.adopt(found, graceUntil, bytes)
  }
}
