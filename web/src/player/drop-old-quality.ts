/** Makes a manual change of quality show at once, also while paused. */
import { secondsOf, type VjsPlayer } from './vjs.ts'

interface PlaylistController {
  runFastQualitySwitch_?(): void
}

/** Enough for the source buffers to be emptied. */
const LOOKS = 120

/**
 * Throws away what is buffered in the quality before the switch. http-streaming 3.17 does so by
 * itself only when its delayed, deliberate switch comes before its own choice among the levels that
 * are left: otherwise the new quality is there already when it looks, and it leaves the buffer as it
 * is. Without this private name the switch then waits for the end of the buffer. Twice does no harm.
 */
export function dropOldQuality(player: VjsPlayer): void {
  if (player.isDisposed()) return
  const tech = player.tech({ IWillNotUseThisInPlugins: true }) as unknown as {
    vhs?: { playlistController_?: PlaylistController }
  }
  tech.vhs?.playlistController_?.runFastQualitySwitch_?.()
  if (player.paused()) seekInPlace(player, LOOKS)
}

/** Emptied while paused, only the pictures are fetched again and not the sound, until something seeks. */
function seekInPlace(player: VjsPlayer, looks: number): void {
  requestAnimationFrame(() => {
    if (player.isDisposed() || !player.paused()) return
    const ranges = player.buffered()
    const seconds = secondsOf(player)
    const holds = Array.from({ length: ranges.length }, (_, i) => i).some(
      (i) => ranges.start(i) <= seconds && seconds < ranges.end(i),
    )
    if (!holds && player.readyState() > 0) player.currentTime(seconds)
    else if (looks > 0) seekInPlace(player, looks - 1)
  })
}
