/** A broadcast as the contract shows it to one asker. */
import type { BroadcastId } from '../kernel/ids.ts'
import { type ArchivedBroadcast, ownerOf } from '../library/broadcast-archive.ts'
import { broadcastEndingWords, endingWords } from '../library/broadcasts/ending-words.ts'
import { type Asker, may } from '../library/permissions.ts'
import { listDisconnects, type VerdictGap } from '../recording/verdict.ts'
import type { Broadcast, Health } from './contract/broadcasts.ts'

/** What this program knows of a broadcast on air that is not in the database yet. */
export interface OnAir {
  /** It has ended, and its encoder goes on sending. */
  readonly unheard: boolean
  /** Null when no encoder is connected. */
  readonly health: Health | null
  /** Of the encoder that is connected now: the last minutes, oldest first. */
  readonly history: readonly {
    readonly atMs: number
    readonly bitsPerSecond: number
    readonly frameRate: number
  }[]
  /** In the log so far, over all parts. */
  readonly recordedBytes: number
  readonly recordedSeconds: number
}

/** Undefined: this program knows nothing of it. */
export type OnAirOf = (broadcastId: BroadcastId) => OnAir | undefined

export type ShowBroadcast = (broadcast: ArchivedBroadcast, asker: Asker) => Broadcast

/** Viewers see when it ran and what is missing; what the encoder is and how it does is for its creator. */
export function makeShowBroadcast(onAirOf: OnAirOf): ShowBroadcast {
  return (broadcast, asker) => {
    const manages = may(asker, 'manage', ownerOf(broadcast))
    const onAir = onAirOf(broadcast.id)
    const last = broadcast.sessions.at(-1)?.ending
    const { channel } = broadcast.video
    return {
      id: broadcast.id,
      videoId: broadcast.video.id,
      state: broadcast.state,
      title: broadcast.video.title,
      channel: { id: channel.id, handle: channel.handle, name: channel.name },
      startedAt: broadcast.startedAt.toISOString(),
      endedAt: broadcast.endedAt?.toISOString() ?? null,
      endingWords: broadcast.state === 'ended' && last ? broadcastEndingWords(last) : null,
      encoderUnheard: manages && onAir?.unheard === true,
      graceUntil: broadcast.graceUntil?.toISOString() ?? null,
      sessions: broadcast.sessions.map((session) => ({
        id: session.id,
        encoder: manages ? session.encoder : '',
        startedAt: session.startedAt.toISOString(),
        endedAt: session.endedAt?.toISOString() ?? null,
        ending: session.ending,
        endingWords: session.ending && endingWords(session.ending),
        bytes: session.bytes,
      })),
      gaps: showGaps(broadcast.verdict?.gaps ?? []),
      verdict: broadcast.verdict && {
        ...broadcast.verdict,
        gaps: showGaps(broadcast.verdict.gaps),
        packagedSeconds: broadcast.video.durationSeconds ?? 0,
        disconnects: showDisconnects(broadcast),
      },
      health: (manages && broadcast.state !== 'ended' && onAir?.health) || null,
      recording: {
        bytes: Math.max(broadcast.recordedBytes, onAir?.recordedBytes ?? 0),
        durationSeconds: Math.max(broadcast.recordedSeconds, onAir?.recordedSeconds ?? 0),
        url: `/api/v1/broadcasts/${broadcast.id}/recording.flv`,
      },
    }
  }
}

function showGaps(gaps: readonly VerdictGap[]): Broadcast['gaps'] {
  return gaps.map((gap) => ({ ...gap, at: gap.at ?? null }))
}

function showDisconnects({ sessions }: ArchivedBroadcast) {
  const known = sessions.map(({ startedAt, endedAt, ending }) => ({
    startedAt,
    endedAt: endedAt ?? undefined,
    ending: ending ?? undefined,
  }))
  return listDisconnects(known).map(({ at, ending, awaySeconds }) => ({
    at: at.toISOString(),
    ending,
    awaySeconds: awaySeconds ?? null,
  }))
}
