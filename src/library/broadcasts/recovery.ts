/**
 * What a start does about broadcasts that had not ended when the program stopped or died: their
 * recordings are salvaged, their sessions closed, and each waits for its encoder for what is left
 * of its grace, counted from the last byte recorded. Then it ends by itself and its replay is complete.
 *
 * One that was ending in that moment ends now: its encoder had said goodbye, or its timeline has its end,
 * after which nothing that an encoder sent could be added to the replay.
 */
import type { BroadcastId, VideoId } from '../../kernel/ids.ts'
import type { Logger } from '../../kernel/logger.ts'
import type { BroadcastLedger } from './broadcast-ledger.ts'
import type { BroadcastService } from './broadcast-service.ts'
import { isFinal } from './ending-words.ts'

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
  /** The timeline has its end. */
  readonly isReplayComplete: (videoId: VideoId) => Promise<boolean>
  readonly broadcasts: BroadcastService
  readonly graceMs: number
  readonly log: Logger
}

export async function recoverBroadcasts(options: BroadcastRecoveryOptions): Promise<void> {
  const { ledger, salvage, isReplayComplete, broadcasts, graceMs, log } = options
  await broadcasts.recallUnheard()
  for (const found of await ledger.listUnended()) {
    const { broadcastId, videoId } = found
    // One that cannot be read or repaired now must not keep all the others from being watched and recorded.
    const { lastWrittenAt, bytes } = await salvage(broadcastId).catch((error: unknown) => {
      log.error({ err: error, broadcastId }, 'a recording could not be salvaged; it is left as it is')
      return { lastWrittenAt: undefined, bytes: 0 }
    })
    const leftAt = lastWrittenAt ?? found.startedAt
    const isPackaged = await isReplayComplete(videoId).catch((error: unknown) => {
      log.error({ err: error, broadcastId, videoId }, 'the replay cannot be looked at')
      return false
    })
    for (const session of found.sessions) {
      if (session.endedAt === undefined)
        await ledger.closeSession(session.sessionId, isPackaged ? 'unpublished' : 'crashed', leftAt, bytes)
    }
    const last = found.sessions.at(-1)?.ending
    if (isPackaged || (last !== undefined && isFinal(last))) {
      log.info({ broadcastId, bytes }, 'broadcast found ending: salvaged, and ended')
      broadcasts.adopt(found, new Date(), bytes)
      continue
    }
    const graceUntil = found.graceUntil ?? new Date(leftAt.getTime() + graceMs)
    await ledger.interrupt(broadcastId, graceUntil)
    log.info({ broadcastId, bytes, graceUntil }, 'broadcast found open: salvaged, waiting for its encoder')
    broadcasts.adopt(found, graceUntil, bytes)
  }
}
