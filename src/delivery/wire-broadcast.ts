/** A broadcast as the contract shows it to one asker. */
import type { BroadcastId } from '../kernel/ids.ts'
import { type ArchivedBroadcast, ownerOf } from '../library/broadcast-archive.ts'
import { type Asker, may } from '../library/permissions.ts'
import type { Broadcast, Health } from './contract/broadcasts.ts'

/** What this program knows of a broadcast on air that is not in the database yet. */
export interface OnAir {
  /** Null when no encoder is connected. */
  readonly health: Health | null
  /** In the log so far, over all parts. */
  readonly recordedBytes: number
  readonly recordedSeconds: number
}

/** Undefined: it is not on air here. */
export type OnAirOf = (broadcastId: BroadcastId) => OnAir | undefined

export type ShowBroadcast = (broadcast: ArchivedBroadcast, asker: Asker) => Broadcast

/** Viewers see when it ran and what is missing; what the encoder is and how it does is for its creator. */
export function makeShowBroadcast(onAirOf: OnAirOf): ShowBroadcast {
  return (broadcast, asker) => {
    const manages = may(asker, 'manage', ownerOf(broadcast))
    const onAir = broadcast.state === 'ended' ? undefined : onAirOf(broadcast.id)
    const { channel } = broadcast.video
    return {
      id: broadcast.id,
      videoId: broadcast.video.id,
      state: broadcast.state,
      title: broadcast.video.title,
      channel: { id: channel.id, handle: channel.handle, name: channel.name },
      startedAt: broadcast.startedAt.toISOString(),
      endedAt: broadcast.endedAt?.toISOString() ?? null,
      graceUntil: broadcast.graceUntil?.toISOString() ?? null,
      sessions: broadcast.sessions.map((session) => ({
        id: session.id,
        encoder: manages ? session.encoder : '',
        startedAt: session.startedAt.toISOString(),
        endedAt: session.endedAt?.toISOString() ?? null,
        ending: session.ending,
        bytes: session.bytes,
      })),
      gaps: (broadcast.verdict?.gaps ?? []).map((gap) => ({ ...gap })),
      verdict: broadcast.verdict && {
        ...broadcast.verdict,
        gaps: broadcast.verdict.gaps.map((gap) => ({ ...gap })),
      },
      health: (manages && onAir?.health) || null,
      recording: {
        bytes: Math.max(broadcast.recordedBytes, onAir?.recordedBytes ?? 0),
        durationSeconds: Math.max(broadcast.recordedSeconds, onAir?.recordedSeconds ?? 0),
        url: `/api/v1/broadcasts/${broadcast.id}/recording.flv`,
      },
    }
  }
}
