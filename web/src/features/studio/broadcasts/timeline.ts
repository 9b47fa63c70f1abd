/** What happened in a broadcast, in order: encoders that came and went, what is missing, the end. Pure. */
import type { Broadcast } from '../../../../../src/delivery/contract/broadcasts.ts'
import { formatBytes } from '../../../ui/format-amount.ts'
import { formatDurationWords } from '../../../ui/format-time.ts'
import { encoderName } from '../go-live/words.ts'

export interface TimelineEntry {
  /** ISO 8601. */
  readonly at: string
  readonly kind: 'connected' | 'left' | 'away' | 'ended' | 'waiting'
  readonly title: string
  readonly text: string
}

export function broadcastTimeline(broadcast: Broadcast): readonly TimelineEntry[] {
  const { sessions } = broadcast
  const entries = sessions.flatMap((session, i): TimelineEntry[] => {
    const { startedAt, endedAt, endingWords } = session
    const came: TimelineEntry = {
      at: startedAt,
      kind: 'connected',
      title: i === 0 ? 'On air' : 'Encoder connected again',
      text: encoderName(session.encoder),
    }
    if (endedAt === null) return [came]
    const stayed = formatDurationWords((Date.parse(endedAt) - Date.parse(startedAt)) / 1000)
    const next = sessions[i + 1]
    const left: TimelineEntry = {
      at: endedAt,
      kind: 'left',
      title: next === undefined && broadcast.state === 'ended' ? 'Encoder left' : 'Connection ended',
      text: `${endingWords ?? ''} Connected for ${stayed}, ${formatBytes(session.bytes)}.`.trim(),
    }
    const awaySeconds = next === undefined ? 0 : (Date.parse(next.startedAt) - Date.parse(endedAt)) / 1000
    const away: TimelineEntry[] =
      awaySeconds < 0.5
        ? []
        : [
            {
              at: endedAt,
              kind: 'away',
              title: `Away for ${formatDurationWords(Math.max(1, awaySeconds))}`,
              text: 'Nothing was sent, so the replay goes on where the encoder came back.',
            },
          ]
    return [came, left, ...away]
  })
  if (broadcast.state === 'interrupted' && broadcast.graceUntil !== null)
    entries.push({
      at: broadcast.graceUntil,
      kind: 'waiting',
      title: 'Waiting for the encoder',
      text: 'If it does not come back by then, the broadcast ends.',
    })
  if (broadcast.endedAt !== null)
    entries.push({
      at: broadcast.endedAt,
      kind: 'ended',
      title: 'Broadcast ended',
      text: broadcast.endingWords ?? '',
    })
  return entries
}

export interface BarPiece {
  readonly kind: 'recorded' | 'away'
  /** Of the whole. */
  readonly share: number
  readonly words: string
}

/** Less would not be seen. */
const LEAST_SHARE = 0.006

/** The broadcast from its first to its last moment, in pieces: connected or away. */
export function broadcastBar({ sessions, endedAt }: Broadcast, nowMs: number): readonly BarPiece[] {
  const pieces: { kind: BarPiece['kind']; ms: number }[] = []
  let atMs: number | undefined
  for (const session of sessions) {
    const fromMs = Date.parse(session.startedAt)
    if (atMs !== undefined && fromMs - atMs > 500) pieces.push({ kind: 'away', ms: fromMs - atMs })
    atMs =
      session.endedAt === null
        ? endedAt === null
          ? nowMs
          : Date.parse(endedAt)
        : Date.parse(session.endedAt)
    pieces.push({ kind: 'recorded', ms: Math.max(0, atMs - fromMs) })
  }
  const totalMs = pieces.reduce((sum, { ms }) => sum + ms, 0)
  return pieces.map(({ kind, ms }) => ({
    kind,
    share: totalMs === 0 ? 1 / pieces.length : Math.max(LEAST_SHARE, ms / totalMs),
    words: `${kind === 'away' ? 'Away' : 'Connected'} for ${formatDurationWords(Math.max(1, ms / 1000))}`,
  }))
}
