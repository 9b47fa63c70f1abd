/** Has http-streaming choose as live-choice.ts does. */
import { watchLine } from './line-rate.ts'
import { type Choosable, chooseLive } from './live-choice.ts'
import type { VjsPlayer } from './vjs.ts'

interface Vhs {
  selectPlaylist: () => Choosable | null
  readonly playlists?: { readonly main?: { readonly playlists: readonly Choosable[] } }
}

/** For whatever source the player has. */
export function chooseByLine(player: VjsPlayer): void {
  const line = watchLine()
  player.on('dispose', () => line.stop())
  // Made, and not loading yet: the first choice is by this too.
  player.on('xhr-hooks-ready', () => {
    const tech = player.tech({ IWillNotUseThisInPlugins: true }) as unknown as { vhs?: Vhs }
    const { vhs } = tech
    if (vhs === undefined) return
    vhs.selectPlaylist = () =>
      chooseLive(vhs.playlists?.main?.playlists ?? [], line.rate(), Date.now()) ?? null
  })
}
