/**
 * Loading and loading again: at the same position, playing or paused as it was. Failures are tried
 * again with growing pauses, through restarts of the server and loss of the network, asking the
 * server each time for the video's present address (signed addresses run out).
 */
import { describeFailure, type PlaybackFailure, retryDelayMs } from './playback-failure.ts'
import { watchStalls } from './stall-watch.ts'
import { isLive, secondsOf, seekableEnd, type VjsPlayer, videojs } from './vjs.ts'

/** What the server says now: where the playlist is, or the status it refused with (0: no answer). */
export type SourceAnswer = { readonly hls: string } | { readonly status: number }

export interface SourceControl {
  /** `at` undefined: the live edge, or the beginning. */
  load(hls: string, at: number | undefined, play: boolean): void
  /** The same video afresh, at the same position, paused if it was. */
  reload(): void
  retryNow(): void
}

/**
 * A variant of sound alone would be one more quality for http-streaming's Auto, and once in it, it stays.
 * Safari plays by itself and knows what it is for.
 */
function withPictures(hls: string): string {
  return videojs.browser.IS_ANY_SAFARI ? hls : `${hls}?variants=pictures`
}

/** Playing this long again means that the trouble is over. */
const RECOVERED_MS = 5_000

export function makeSourceControl(
  player: VjsPlayer,
  askSource: () => Promise<SourceAnswer>,
  onFailure: (failure: PlaybackFailure | undefined) => void,
): SourceControl {
  let startAt: number | undefined
  let wantsPlay = false
  let attempts = 0
  let address = ''
  let failing = false
  let timers: ReturnType<typeof setTimeout>[] = []

  const clearTimers = () => {
    for (const timer of timers) clearTimeout(timer)
    timers = []
  }
  const after = (ms: number, act: () => void) => timers.push(setTimeout(act, ms))

  function load(hls: string, at: number | undefined, play: boolean): void {
    address = hls
    startAt = at
    wantsPlay = play
    player.src({ src: withPictures(hls), type: 'application/vnd.apple.mpegurl' })
    if (play) start()
  }

  /** With sound if the browser allows it, else without: the page offers to turn it on. */
  function start(): void {
    const playing = player.play()
    playing?.catch((error: unknown) => {
      if (!(error instanceof DOMException && error.name === 'NotAllowedError') || player.muted()) return
      player.muted(true)
      player.addClass('reprise-muted-by-browser')
      player.play()?.catch(() => {
        player.muted(false)
        player.removeClass('reprise-muted-by-browser')
      })
    })
  }

  /** Where to go on: not at a live edge that has moved on since. */
  function position(): number | undefined {
    if (startAt !== undefined) return startAt
    const seconds = secondsOf(player)
    return isLive(player) && seekableEnd(player) - seconds < 20 ? undefined : seconds
  }

  function reload(): void {
    const [at, play] = [position(), wantsPlay || !player.paused()]
    player.addClass('reprise-reloading')
    startAt = at
    wantsPlay = play
    void askSource().then((answer) => {
      if (player.isDisposed()) return
      if ('hls' in answer) load(answer.hls, at, play)
      else fail(undefined, answer.status)
    })
  }

  function fail(mediaCode: number | undefined, serverStatus: number): void {
    clearTimers()
    failing = true
    const failure = describeFailure({ mediaCode, online: navigator.onLine, serverStatus, attempts })
    onFailure(failure)
    if (failure.kind === 'passing') after(retryDelayMs(attempts), () => retry(mediaCode))
  }

  function retry(mediaCode: number | undefined): void {
    clearTimers()
    attempts += 1
    void askSource().then((answer) => {
      if (player.isDisposed()) return
      if ('hls' in answer) load(answer.hls, startAt, wantsPlay)
      else fail(mediaCode, answer.status)
    })
  }

  player.on('error', () => {
    if (!failing) [startAt, wantsPlay] = [position(), wantsPlay || !player.paused()]
    player.addClass('reprise-reloading')
    const code = player.error()?.code
    clearTimers()
    // Asked before anything is said: the server may know better why.
    void askSource().then((answer) => {
      if (!player.isDisposed()) fail(code, 'status' in answer ? answer.status : 200)
    })
  })
  player.on('loadedmetadata', () => {
    if (startAt !== undefined) player.currentTime(startAt)
    startAt = undefined
  })
  player.on('loadeddata', () => player.removeClass('reprise-reloading'))
  player.on(['playing', 'canplay', 'seeked'], () => {
    clearTimers()
    if (player.error() !== null || player.readyState() < 3) return
    failing = false
    wantsPlay = false
    onFailure(undefined)
    if (attempts > 0) after(RECOVERED_MS, () => (attempts = 0))
  })
  const stalls = watchStalls(player, askSource, onFailure, reload)
  const retryNow = () => {
    if (!failing) return stalls.lookNow()
    attempts = Math.min(attempts, 1)
    retry(player.error()?.code)
  }
  window.addEventListener('online', retryNow)
  player.on('dispose', () => {
    clearTimers()
    window.removeEventListener('online', retryNow)
  })

  return { load, reload: () => (address === '' ? undefined : reload()), retryNow }
}
