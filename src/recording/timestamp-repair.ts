/**
 * Raw timestamps to one clock that only goes forward.
 *
 * Raw: unsigned 32 bits of milliseconds that wrap after 49.7 days, may begin anywhere, jump when an
 * encoder restarts its clock, and run backwards. Mapped: milliseconds since the start of the recording.
 * Audio and video keep the offset they have to each other: both are mapped by the same shift, and when
 * one of them jumps it takes the other's shift if that fits, else a new one that goes on where the
 * recording stands. Pure: state in, state out, so that packaging can go on from any tag.
 */
export type Track = 'audio' | 'video'

interface TrackClock {
  /** The last raw timestamp, and where it lies; both before any correction for order. */
  readonly raw: number
  readonly at: number
  /** The last mapped timestamp given out. */
  readonly out: number
}

export interface ClockState {
  readonly audio?: TrackClock | undefined
  readonly video?: TrackClock | undefined
  /** Where the next session begins: the end of what was mapped so far. */
  readonly end: number
  /** Raw timestamp that lies on `end`, set by startSession. */
  readonly origin?: number | undefined
}

export const CLOCK_AT_ZERO: ClockState = { end: 0 }

/** A step wider than this is a new clock and no pause. */
export const MAX_STEP_MS = 10_000
/** Back by more than this is a new clock and no disorder: what follows would be pressed into an instant. */
const MAX_STEP_BACK_MS = 1000
/** What the step between sessions, or across a jump, is taken for. */
const NOMINAL_STEP_MS = 33
const SHORTEST_STEP_MS = 1
/** What comes after a longer step came after a pause: it lasts no longer than others. */
const LONGEST_FRAME_MS = 1000

/** The source was interrupted: `originRaw` (the earliest timestamp it sends) goes where the recording ended. */
export function startSession(state: ClockState, originRaw: number): ClockState {
  return { end: state.end, origin: originRaw }
}

/** Maps one tag's decode timestamp, in the order of arrival. */
export function mapTimestamp(state: ClockState, track: Track, raw: number): readonly [ClockState, number] {
  const own = state[track]
  const other = state[track === 'audio' ? 'video' : 'audio']
  const at = place(state, own, other, raw)
  // Steps back within a track are errors of the encoder: order of arrival is the order of decoding.
  const out = own ? Math.max(at, own.out + (track === 'video' ? SHORTEST_STEP_MS : 0)) : at
  const step = own && out - own.out > 0 && out - own.out < LONGEST_FRAME_MS ? out - own.out : NOMINAL_STEP_MS
  const clock: TrackClock = { raw, at, out }
  // Written out, since this is asked for every tag: objects of one shape are made the quickest.
  const next: ClockState = {
    audio: track === 'audio' ? clock : state.audio,
    video: track === 'video' ? clock : state.video,
    end: Math.max(state.end, out + step),
    origin: state.origin,
  }
  return [next, out]
}

function place(
  state: ClockState,
  own: TrackClock | undefined,
  other: TrackClock | undefined,
  raw: number,
): number {
  if (own) {
    const step = difference(raw, own.raw)
    if (isSameClock(step)) return own.at + step
  }
  if (other) {
    const at = other.at + difference(raw, other.raw)
    if (own ? isSameClock(at - own.out) : Math.abs(at - other.out) <= MAX_STEP_MS) return at
  }
  if (!own && !other) return state.end + (state.origin === undefined ? 0 : difference(raw, state.origin))
  return state.end
}

const isSameClock = (stepMs: number) => stepMs >= -MAX_STEP_BACK_MS && stepMs <= MAX_STEP_MS

/** a − b on the circle of 32 bits. */
export function difference(a: number, b: number): number {
  return (a - b) | 0
}
