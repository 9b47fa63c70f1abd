/**
 * The verdict on a finished broadcast: what was received, what is in the recording, and where the
 * gaps are. Pure: from the rows of its sessions and parts, in order.
 */

export interface VerdictSession {
  readonly sessionId: string
  readonly startedAt: Date
  /** Unknown when the server crashed: the recording alone tells then. */
  readonly endedAt: Date | undefined
}

export interface VerdictPart {
  readonly part: number
  readonly sessionId: string
  readonly state: 'open' | 'closed' | 'salvaged' | 'failed'
  /** Seconds of media in the part's file. */
  readonly durationSeconds: number
}

export interface VerdictGap {
  /** Seconds on the replay's timeline, where the interruption is. */
  readonly startSeconds: number
  /** Wall-clock seconds that are missing there. */
  readonly seconds: number
  /** `interrupted`: the encoder was away. `crashed`: the server was killed. `disk`: the disk refused. `not-recorded`: connected, but less media than time. */
  readonly reason: 'interrupted' | 'crashed' | 'disk' | 'not-recorded'
}

export interface Verdict {
  /** Seconds during which an encoder was connected. */
  readonly receivedSeconds: number
  /** Seconds of media in the recording. */
  readonly recordedSeconds: number
  readonly gaps: readonly VerdictGap[]
  /** Everything that was received is recorded; interruptions by the encoder do not count against it. */
  readonly complete: boolean
  /** One sentence for the broadcast's page. */
  readonly summary: string
}

/** An encoder connects before it sends and stays after: less than this is no loss. */
const SLACK_SECONDS = 5
const SLACK_SHARE = 0.02

/** Sessions and parts in order of beginning. */
export function judgeRecording(sessions: readonly VerdictSession[], parts: readonly VerdictPart[]): Verdict {
  const gaps: VerdictGap[] = []
  let received = 0
  let recorded = 0
  let previousEnd: Date | undefined
  for (const session of sessions) {
    if (previousEnd) {
      const away = (session.startedAt.getTime() - previousEnd.getTime()) / 1000
      if (away > 0.5) gaps.push({ startSeconds: recorded, seconds: round(away), reason: 'interrupted' })
    }
    const own = parts.filter((part) => part.sessionId === session.sessionId)
    const media = own.reduce((sum, part) => sum + part.durationSeconds, 0)
    const connected = session.endedAt
      ? Math.max(0, session.endedAt.getTime() - session.startedAt.getTime()) / 1000
      : media
    received += connected
    recorded += media
    const missing = connected - media
    if (own.some((part) => part.state === 'failed')) {
      gaps.push({ startSeconds: round(recorded), seconds: round(Math.max(0, missing)), reason: 'disk' })
    } else if (missing > Math.max(SLACK_SECONDS, connected * SLACK_SHARE)) {
      const reason = own.some((part) => part.state === 'salvaged') ? 'crashed' : 'not-recorded'
      gaps.push({ startSeconds: round(recorded), seconds: round(missing), reason })
    }
    previousEnd = session.endedAt ?? new Date(session.startedAt.getTime() + media * 1000)
  }
  const complete = gaps.every((gap) => gap.reason === 'interrupted')
  const verdict = { receivedSeconds: round(received), recordedSeconds: round(recorded), gaps, complete }
  return { ...verdict, summary: summarise(verdict) }
}

const round = (seconds: number) => Math.round(seconds * 1000) / 1000

function summarise(verdict: Omit<Verdict, 'summary'>): string {
  if (verdict.recordedSeconds === 0) return 'Nothing was recorded: no audio or video arrived.'
  const length = clock(verdict.recordedSeconds)
  const interruptions = verdict.gaps.filter((gap) => gap.reason === 'interrupted')
  const away = interruptions.reduce((sum, gap) => sum + gap.seconds, 0)
  const pauses =
    interruptions.length === 0
      ? ''
      : ` The encoder was away ${interruptions.length === 1 ? 'once' : `${interruptions.length} times`}, ${clock(away)} in all.`
  if (verdict.complete) return `Everything received was recorded: ${length}.${pauses}`
  const lost = verdict.gaps.filter((gap) => gap.reason !== 'interrupted')
  const reasons = {
    crashed: 'the server stopped unexpectedly',
    disk: 'the disk refused to write',
    'not-recorded': 'less media arrived than time passed',
    interrupted: '',
  }
  // The disk ends a session at once, and the encoder with it: what it would have sent nobody knows.
  const where = lost.map((gap) =>
    gap.seconds < 1
      ? `what followed ${clock(gap.startSeconds)} (${reasons[gap.reason]})`
      : `${clock(gap.seconds)} after ${clock(gap.startSeconds)} (${reasons[gap.reason]})`,
  )
  return `${length} recorded; missing: ${where.join(', ')}.${pauses}`
}

/** 3725.4 → "1:02:05". */
function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor(whole / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}
