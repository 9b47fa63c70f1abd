/** What stops playback, in words with what to do; and whether trying again can help. */

export type PlaybackFailure =
  /** Tries again by itself. */
  | { readonly kind: 'passing'; readonly title: string; readonly advice: string }
  /** Waits for the viewer. */
  | { readonly kind: 'final'; readonly title: string; readonly advice: string }

/** MediaError.code */
const DECODE = 3

const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 15_000
/** A picture that cannot be decoded twice will not be decoded at all. */
const DECODE_TRIES = 2
/** Failing more often than this is no passing hiccup. */
const QUIET_TRIES = 4

export interface FailureFacts {
  /** MediaError.code of the player's error; undefined: it only stands still. */
  readonly mediaCode: number | undefined
  readonly online: boolean
  /** What the server said when asked for the video again: an HTTP status, 0 for no answer. */
  readonly serverStatus: number
  /** How often it was tried without success. */
  readonly attempts: number
}

export function describeFailure({
  mediaCode,
  online,
  serverStatus,
  attempts,
}: FailureFacts): PlaybackFailure {
  if (!online) return passing('You are offline', 'Playback goes on here as soon as the connection is back.')
  if (serverStatus === 0)
    return passing(
      'The server cannot be reached',
      'It may be restarting, or your connection is down. Playback goes on by itself.',
    )
  if (serverStatus === 404 || serverStatus === 410)
    return final('This video is gone', 'It was deleted while you watched.')
  if (serverStatus === 401 || serverStatus === 403)
    return final(
      'You may no longer watch this',
      'It was made private, or you were signed out. Sign in, then reload the page.',
    )
  if (serverStatus >= 500) return passing('The server is busy', 'Playback goes on by itself.')
  if (mediaCode === DECODE && attempts >= DECODE_TRIES) {
    return final(
      'This browser cannot play this part',
      'Choose another quality in the menu, or try another browser.',
    )
  }
  if (attempts < QUIET_TRIES) return passing('Playback was interrupted', 'It goes on by itself.')
  return passing(
    'This video cannot be played right now',
    'It is tried again from time to time. Another quality, or another browser, may play it.',
  )
}

/** Before attempt 0, 1, 2 …: 1, 2, 4, 8, then every 15 s. */
export function retryDelayMs(attempts: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** attempts, LONGEST_RETRY_MS)
}

const passing = (title: string, advice: string): PlaybackFailure => ({ kind: 'passing', title, advice })
const final = (title: string, advice: string): PlaybackFailure => ({ kind: 'final', title, advice })
