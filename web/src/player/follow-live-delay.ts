/** Applies the distance to the live edge (live-delay.ts) to http-streaming. */
import { FIRST_SECONDS, liveDelaySeconds } from './live-delay.ts'
import type { VjsPlayer } from './vjs.ts'

interface Media {
  readonly endList?: boolean
  readonly targetDuration?: number
  readonly segments?: readonly { readonly duration: number }[]
}

/** http-streaming's playlist loader, as `vhs.playlists`. */
interface PlaylistLoader {
  readonly main?: { suggestedPresentationDelay?: number; playlists?: unknown }
  media(): Media | undefined
  on(type: string, listener: () => void): void
}

/** Applies it to whatever source the player has, from its first playlist on. */
export function followLiveDelay(player: VjsPlayer): void {
  player.on('loadstart', () => {
    const tech = player.tech({ IWillNotUseThisInPlugins: true }) as unknown as {
      vhs?: { playlists?: PlaylistLoader }
    }
    const loader = tech.vhs?.playlists
    if (loader === undefined) return
    const apply = () => {
      if (loader.main === undefined) return
      const media = loader.media()
      if (media?.endList === true) delete loader.main.suggestedPresentationDelay
      else {
        const durations = (media?.segments ?? []).map(({ duration }) => duration)
        loader.main.suggestedPresentationDelay = liveDelaySeconds(
          durations,
          media?.targetDuration ?? FIRST_SECONDS,
        )
      }
    }
    loader.on('loadedplaylist', apply)
    apply()
  })
}
