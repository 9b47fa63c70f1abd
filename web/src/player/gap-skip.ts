/**
 * Steps over a small hole between the moment asked for and the first picture there. Segments begin
 * at their first picture's time, which with B-frames lies some frames after the boundary that the
 * playlist states. http-streaming steps over it too, but only with a whole target duration of media
 * ahead, which near the live edge there never is.
 */
import { afterHole } from './hole.ts'
import { secondsOf, type VjsPlayer } from './vjs.ts'

export function skipGaps(player: VjsPlayer): void {
  player.on(['progress', 'waiting', 'seeking'], () => {
    if (player.readyState() > 1 || player.error() !== null) return
    const ranges = player.buffered()
    const seconds = secondsOf(player)
    const [starts, ends] = [0, 1].map((end) =>
      Array.from({ length: ranges.length }, (_, i) => (end === 0 ? ranges.start(i) : ranges.end(i))),
    ) as [number[], number[]]
    if (starts.some((start, i) => start <= seconds && seconds < (ends[i] ?? 0))) return
    const after = afterHole(seconds, starts)
    if (after !== undefined) player.currentTime(after)
  })
}
