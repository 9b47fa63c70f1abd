/**
 * Playback that stands still without an error: the network or the server is away, and
 * http-streaming keeps trying in silence. The viewer is told, and when the server answers again but
 * the picture does not come back by itself, the source is loaded again.
 */
import { describeFailure, type PlaybackFailure, retryDelayMs } from './playback-failure.ts'
import type { SourceAnswer } from './source-control.ts'
import { secondsOf, seekableEnd, type VjsPlayer } from './vjs.ts'

/** Ordinary buffering is over by then. */
const FIRST_LOOK_MS = 4_000
const NEXT_LOOK_MS = 10_000
/** After the server is back: http-streaming may recover by itself, more gently. */
const OWN_RECOVERY_MS = 1_500
/** Standing still this long with an answering server: longer than it holds a segment back while making it. */
const HOPELESS_MS = 45_000

const ENOUGH_TO_PLAY = 3

interface StallWatch {
  lookNow(): void
}

export function watchStalls(
  player: VjsPlayer,
  askSource: () => Promise<SourceAnswer>,
  onFailure: (failure: PlaybackFailure) => void,
  reload: () => void,
): StallWatch {
  let timer: ReturnType<typeof setTimeout> | undefined
  let sinceMs: number | undefined
  let refusals = 0

  const plays = () => player.isDisposed() || player.error() !== null || player.readyState() >= ENOUGH_TO_PLAY
  const lookIn = (ms: number) => {
    clearTimeout(timer)
    timer = setTimeout(() => void look(), ms)
  }
  const end = () => {
    if (!plays()) return
    clearTimeout(timer)
    sinceMs = undefined
    refusals = 0
  }
  const begin = () => {
    if (sinceMs !== undefined) return
    sinceMs = performance.now()
    lookIn(FIRST_LOOK_MS)
  }
  const loadAgain = () => {
    sinceMs = undefined
    refusals = 0
    reload()
  }

  async function look(): Promise<void> {
    if (plays()) return end()
    const answer = await askSource()
    if (plays() || sinceMs === undefined) return end()
    if ('status' in answer) {
      const failure = describeFailure({
        mediaCode: undefined,
        online: navigator.onLine,
        serverStatus: answer.status,
        attempts: refusals,
      })
      onFailure(failure)
      if (failure.kind === 'passing') lookIn(retryDelayMs(refusals))
      refusals += 1
      return
    }
    if (refusals > 0) {
      clearTimeout(timer)
      timer = setTimeout(() => (plays() ? end() : loadAgain()), OWN_RECOVERY_MS)
      return
    }
    // At the edge of a broadcast whose encoder is away there is nothing to load.
    const more = seekableEnd(player) - secondsOf(player) > 1
    if (more && performance.now() - sinceMs > HOPELESS_MS) loadAgain()
    else lookIn(NEXT_LOOK_MS)
  }

  player.on(['waiting', 'seeking', 'loadstart'], begin)
  player.on(['playing', 'canplay', 'seeked', 'timeupdate', 'error'], end)
  player.on('dispose', () => clearTimeout(timer))
  return {
    lookNow() {
      if (sinceMs !== undefined) lookIn(0)
    },
  }
}
