/**
 * The verdict on a finished broadcast: what was received, what is in the recording, and where the
 * gaps are and why. Pure: from the rows of its sessions and parts, in order.
 */
import type { SessionEnding } from '../ingest/publish-gate.ts'

/** How a session ended, as kept with it. `crashed`: found open at a start. */
export type SessionOutcome = SessionEnding | 'crashed'

export interface VerdictSession {
  readonly sessionId: string
  readonly startedAt: Date
  /** Unknown when the server crashed: the recording alone tells then. */
  readonly endedAt: Date | undefined
  readonly ending?: SessionOutcome | undefined
}

export interface VerdictPart {
  readonly part: number
  readonly sessionId: string
  readonly state: 'open' | 'closed' | 'salvaged' | 'failed'
  /** Seconds of media in the part's file. */
  readonly durationSeconds: number
  /** In order; not known of one that was salvaged. */
  readonly pauses?: readonly VerdictPause[] | undefined
}

/** For a while nothing came of an encoder that was connected. What it kept meanwhile may have followed. */
export interface VerdictPause {
  /** Seconds of media in the part's file before it. */
  readonly startSeconds: number
  readonly seconds: number
  /** When it began, ISO 8601. */
  readonly at: string
}

export interface VerdictGap {
  /** Seconds on the replay's timeline, where the gap is. */
  readonly startSeconds: number
  /** Wall-clock seconds that are missing there. 0: nobody knows how many, since no encoder came back. */
  readonly seconds: number
  /** When it began, ISO 8601. Verdicts of earlier versions do not say. */
  readonly at?: string
  /**
   * `interrupted`: the encoder was away. `stopped`: the server was stopped in order and started again.
   * `crashed`: the server was killed. `disk`: its disk was full. `write-error`: its disk refused for
   * another reason. `not-recorded`: connected, but less media than time.
   */
  readonly reason: GapReason
}

export type GapReason = 'interrupted' | 'stopped' | 'crashed' | 'disk' | 'write-error' | 'not-recorded'

export interface Verdict {
  /** Seconds during which an encoder was connected. */
  readonly receivedSeconds: number
  /** Seconds of media in the recording. */
  readonly recordedSeconds: number
  readonly gaps: readonly VerdictGap[]
  /** Everything that was received is recorded; interruptions by the encoder and orderly stops do not count against it. */
  readonly complete: boolean
  /** One sentence for the broadcast's page. */
  readonly summary: string
}

/** An encoder connects before it sends and stays after: less than this is no loss. */
const SLACK_SECONDS = 5
const SLACK_SHARE = 0.02
/** An encoder that is taken over is away for less. */
const AWAY_SECONDS = 0.5

/** Sessions and parts in order of beginning. */
export function judgeRecording(sessions: readonly VerdictSession[], parts: readonly VerdictPart[]): Verdict {
  const gaps: VerdictGap[] = []
  let received = 0
  let recorded = 0
  for (const [index, session] of sessions.entries()) {
    const own = parts.filter((part) => part.sessionId === session.sessionId)
    const media = own.reduce((sum, part) => sum + part.durationSeconds, 0)
    const endedAt = session.endedAt ?? new Date(session.startedAt.getTime() + media * 1000)
    const connected = Math.max(0, endedAt.getTime() - session.startedAt.getTime()) / 1000
    received += connected
    recorded += media
    const next = sessions[index + 1]
    const away = next ? Math.max(0, next.startedAt.getTime() - endedAt.getTime()) / 1000 : 0
    const missing = Math.max(0, connected - media)
    const isShort = missing > Math.max(SLACK_SECONDS, connected * SLACK_SHARE)
    const reason = reasonOf(session, own)
    const before = recorded - media
    const gap = (seconds: number, why: GapReason) => {
      const at = new Date(endedAt.getTime() - (seconds > away ? missing * 1000 : 0)).toISOString()
      gaps.push({ startSeconds: round(recorded), seconds: round(seconds), at, reason: why })
    }
    if (reason === 'disk' || reason === 'write-error') gap(missing + away, reason)
    else if (reason === 'crashed') gap((isShort ? missing : 0) + away, reason)
    else {
      if (own.some((part) => part.state === 'salvaged')) {
        if (isShort) gap(missing, 'crashed')
      } else if (isShort) {
        const placed = placeMissing(missing, before, own)
        gaps.push(...placed)
        const rest = missing - placed.reduce((sum, { seconds }) => sum + seconds, 0)
        if (rest > SLACK_SECONDS || placed.length === 0) gap(rest, 'not-recorded')
      }
      if (away > AWAY_SECONDS) gap(away, reason)
    }
  }
  const complete = gaps.every(({ reason }) => reason === 'interrupted' || reason === 'stopped')
  const verdict = { receivedSeconds: round(received), recordedSeconds: round(recorded), gaps, complete }
  return { ...verdict, summary: summarise(verdict, sessions.at(-1)?.ending) }
}

/** What is missing of a session that began after so many seconds of recording: where nothing came, the longest pauses first. */
function placeMissing(
  missingSeconds: number,
  beforeSeconds: number,
  parts: readonly VerdictPart[],
): VerdictGap[] {
  let partSeconds = beforeSeconds
  const pauses = parts.flatMap(({ durationSeconds, pauses: own = [] }) => {
    const from = partSeconds
    partSeconds += durationSeconds
    return own.map((pause) => ({ ...pause, startSeconds: from + pause.startSeconds }))
  })
  let rest = missingSeconds
  const gaps: VerdictGap[] = []
  for (const { startSeconds, seconds, at } of pauses.toSorted((a, b) => b.seconds - a.seconds)) {
    const taken = Math.min(rest, seconds)
    if (taken < 1) break
    rest -= taken
    gaps.push({ startSeconds: round(startSeconds), seconds: round(taken), at, reason: 'not-recorded' })
  }
  return gaps.toSorted((a, b) => a.startSeconds - b.startSeconds)
}

/** Why there is nothing after a session. */
function reasonOf({ ending }: VerdictSession, parts: readonly VerdictPart[]): GapReason {
  if (ending === 'disk' || ending === 'write-error' || ending === 'crashed') return ending
  // An earlier version had no ending of its own for it.
  if (parts.some((part) => part.state === 'failed')) return 'disk'
  return ending === 'draining' ? 'stopped' : 'interrupted'
}

const round = (seconds: number) => Math.round(seconds * 1000) / 1000

const CAUSES: Record<GapReason, string> = {
  interrupted: 'the encoder was away',
  stopped: 'the server was restarted',
  crashed: 'the server stopped unexpectedly',
  disk: "the server's disk was full",
  'write-error': "the server's disk refused to write",
  'not-recorded': 'less media arrived than time passed',
}

function summarise(verdict: Omit<Verdict, 'summary'>, ending: SessionOutcome | undefined): string {
  const { gaps, complete, recordedSeconds } = verdict
  if (recordedSeconds === 0 && complete) return 'Nothing was recorded: no audio or video arrived.'
  const length = clock(recordedSeconds)
  const pauses = pausesOf(gaps, 'interrupted', 'The encoder') + pausesOf(gaps, 'stopped', 'The server')
  const limit = ending === 'size-limit' ? ' It was ended there: it was as large as it may become.' : ''
  if (complete) return `Everything received was recorded: ${length}.${limit}${pauses}`
  const lost = gaps.filter(({ reason }) => reason !== 'interrupted' && reason !== 'stopped')
  // What ends the recording ends the session, and what the encoder would have sent nobody knows.
  const where = lost.map(({ seconds, startSeconds, reason }) =>
    seconds < 1
      ? `what followed ${clock(startSeconds)} (${CAUSES[reason]})`
      : `${clock(seconds)} after ${clock(startSeconds)} (${CAUSES[reason]})`,
  )
  return `${length} recorded; missing: ${where.join(', ')}.${limit}${pauses}`
}

/** " The encoder was away twice, 0:15 in all." */
function pausesOf(gaps: readonly VerdictGap[], reason: GapReason, who: string): string {
  const own = gaps.filter((gap) => gap.reason === reason)
  if (own.length === 0) return ''
  const seconds = own.reduce((sum, gap) => sum + gap.seconds, 0)
  return ` ${who} was away ${own.length === 1 ? 'once' : `${own.length} times`}, ${clock(seconds)} in all.`
}

/** 3725.4 → "1:02:05". */
function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor(whole / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

export interface Disconnect {
  readonly at: Date
  readonly ending: SessionOutcome
  /** Until an encoder was there again; undefined: none came. */
  readonly awaySeconds: number | undefined
}

/** Every time an encoder went without a goodbye, in order; derived from the sessions whenever asked for. */
export function listDisconnects(
  sessions: readonly Pick<VerdictSession, 'startedAt' | 'endedAt' | 'ending'>[],
): readonly Disconnect[] {
  return sessions.flatMap(({ endedAt, ending }, index) => {
    if (!endedAt || !ending || ending === 'unpublished' || ending === 'ended') return []
    const next = sessions[index + 1]
    const awaySeconds = next && round(Math.max(0, next.startedAt.getTime() - endedAt.getTime()) / 1000)
    return [{ at: endedAt, ending, awaySeconds }]
  })
}
