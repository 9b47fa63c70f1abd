/**
 * What is written down about parts, implemented by database/. The log never waits for it: an
 * implementation takes the news, answers at once, and tries in the background until the database has it.
 */
import type { BroadcastId, SessionId } from '../kernel/ids.ts'
import type { VerdictPause } from './verdict.ts'

export interface OpenedPart {
  readonly broadcastId: BroadcastId
  readonly sessionId: SessionId
  readonly part: number
  readonly startedAt: Date
}

export interface ClosedPart extends OpenedPart {
  readonly endedAt: Date
  readonly bytes: number
  readonly durationSeconds: number
  readonly pauses: readonly VerdictPause[]
  /** Why the disk refused; absent when the part ended as it should. */
  readonly failure?: string
}

export interface RecordingLedger {
  /** Must not throw and must not block. */
  partOpened(part: OpenedPart): void
  partClosed(part: ClosedPart): void
}
