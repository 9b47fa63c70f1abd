/**
 * What the life of broadcasts needs from the database; implemented by database/broadcasts.ts.
 * Every change is conditional on the state it leaves, so that a retry changes nothing twice:
 *
 *     live --dropped--> interrupted --encoder is back--> live
 *       |                    |
 *       +------ ends --------+--> ended
 */
import type { BroadcastId, ChannelId, SessionId, VideoId } from '../../kernel/ids.ts'
import type { SessionOutcome, Verdict, VerdictPause } from '../../recording/verdict.ts'
import type { ChannelStorage } from './channel-quota.ts'
import type { UnheardLedger } from './ended-encoders.ts'

/** Whose key it is, and what stands against using it. */
export interface KeyHolder {
  readonly streamKeyId: string
  readonly channelId: ChannelId
  readonly handle: string
  readonly channelName: string
  readonly keyState: 'valid' | 'revoked' | 'expired'
  /** The channel's owner is suspended: the reason given, perhaps empty. */
  readonly suspended: string | undefined
}

export interface BroadcastRecord {
  readonly broadcastId: BroadcastId
  readonly videoId: VideoId
  readonly channelId: ChannelId
  readonly handle: string
  readonly state: 'live' | 'interrupted' | 'ended'
  readonly startedAt: Date
  readonly graceUntil: Date | undefined
  readonly sessions: readonly SessionRecord[]
  readonly parts: readonly PartRecord[]
}

export interface SessionRecord {
  readonly sessionId: SessionId
  readonly ordinal: number
  readonly startedAt: Date
  readonly endedAt: Date | undefined
  readonly ending?: SessionOutcome | undefined
}

export interface PartRecord {
  readonly part: number
  readonly sessionId: SessionId
  readonly state: 'open' | 'closed' | 'salvaged' | 'failed'
  readonly durationSeconds: number
  readonly bytes: number
  readonly pauses: readonly VerdictPause[]
}

export interface NewBroadcast {
  readonly broadcastId: BroadcastId
  readonly videoId: VideoId
  readonly channelId: ChannelId
  readonly title: string
  readonly startedAt: Date
}

export interface NewSession {
  readonly sessionId: SessionId
  readonly broadcastId: BroadcastId
  readonly encoder: string
  /** Written down as used. */
  readonly streamKeyId: string
  readonly startedAt: Date
}

export interface BroadcastLedger extends UnheardLedger {
  /** By the SHA-256 of the key, in hex. Changes nothing. */
  findKeyHolder(keyHash: string): Promise<KeyHolder | undefined>
  storageOf(channelId: ChannelId): Promise<ChannelStorage>
  /** Of these, those whose owner is suspended now, with the reason. */
  listSuspended(channelIds: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, string>>
  listUnended(): Promise<readonly BroadcastRecord[]>
  find(broadcastId: BroadcastId): Promise<BroadcastRecord | undefined>
  /** Video, broadcast and first session, in one transaction. */
  open(broadcast: NewBroadcast, session: NewSession): Promise<void>
  /** A further session of a broadcast; interrupted becomes live. False: the broadcast has ended meanwhile. */
  resume(session: NewSession): Promise<boolean>
  closeSession(sessionId: SessionId, ending: SessionOutcome, endedAt: Date, bytes: number): Promise<void>
  /** live → interrupted. */
  interrupt(broadcastId: BroadcastId, graceUntil: Date): Promise<void>
  /** → ended; the video leaves the air: `processing`, or into the trash when nothing was recorded. */
  end(broadcastId: BroadcastId, endedAt: Date, verdict: Verdict, recordedAnything: boolean): Promise<void>
}
