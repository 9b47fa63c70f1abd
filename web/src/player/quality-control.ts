/**
 * Which quality plays: the viewer's choice put onto the loaded levels. A choice that is not among
 * them (made after the broadcast ended) asks for the source to be loaded again.
 */

import { dropOldQuality } from './drop-old-quality.ts'
import {
  AUTO,
  type PlayableRendition,
  playingLabel,
  type QualityOption,
  qualityOptions,
} from './quality-list.ts'
import { isLive, qualityLevelsOf, type VjsPlayer } from './vjs.ts'

export interface QualityControl {
  options(): readonly QualityOption[]
  /** AUTO or an option's value. */
  chosen(): string
  /** The label of what plays now, if known. */
  playing(): string | undefined
  choose(value: string): void
  setRenditions(renditions: readonly PlayableRendition[]): void
  /** Called when any of the above changed. Returns how to stop. */
  onChange(listener: () => void): () => void
}

/** `reload` loads the source again at the same position. */
export function makeQualityControl(player: VjsPlayer, reload: () => void): QualityControl {
  const levels = qualityLevelsOf(player)
  const listeners = new Set<() => void>()
  let renditions: readonly PlayableRendition[] = []
  let chosen: string = AUTO
  let reloadedFor: string | undefined
  /** A choice whose pictures do not play yet. */
  let dropping = false

  const loaded = () =>
    Array.from({ length: levels.length }, (_, i) => levels[i]).filter((level) => level !== undefined)
  const options = () => qualityOptions(renditions, loaded(), isLive(player))
  const changed = () => {
    for (const listener of listeners) listener()
  }

  function apply(): void {
    const wanted = options().find(({ value }) => value === chosen)?.levelIds ?? []
    const all = loaded()
    if (chosen !== AUTO && wanted.length === 0) {
      if (reloadedFor === chosen) {
        // Not even in the newest playlist: better some picture than none.
        chosen = AUTO
      } else if (all.length > 0) {
        reloadedFor = chosen
        reload()
        return
      }
    }
    const enable = (id: string) => chosen === AUTO || wanted.includes(id)
    // Only a level that becomes enabled is switched to at once.
    if (chosen !== AUTO) for (const level of all) if (wanted.includes(level.id)) level.enabled = false
    // Enabled first, so that there is never a moment with nothing to play.
    for (const level of all) if (enable(level.id) && !level.enabled) level.enabled = true
    for (const level of all) if (!enable(level.id) && level.enabled) level.enabled = false
  }

  let applying = 0
  const levelsChanged = () => {
    // Levels arrive one by one, in one turn.
    cancelAnimationFrame(applying)
    applying = requestAnimationFrame(() => {
      if (chosen !== AUTO && levels.length > 0) apply()
      changed()
    })
  }
  player.on('mediachange', () => {
    // After http-streaming's own listeners, one of which brings selectedIndex up to date.
    queueMicrotask(() => {
      const wanted = options().find(({ value }) => value === chosen)?.levelIds ?? []
      if (!dropping || !wanted.includes(levels[levels.selectedIndex]?.id ?? '')) return
      dropping = false
      dropOldQuality(player)
    })
  })
  levels.on('addqualitylevel', levelsChanged)
  levels.on('removequalitylevel', changed)
  levels.on('change', changed)
  player.on('durationchange', changed)
  player.on('dispose', () => cancelAnimationFrame(applying))

  return {
    options,
    chosen: () => chosen,
    playing: () => playingLabel(options(), levels[levels.selectedIndex]?.id),
    choose(value) {
      if (value === chosen) return
      chosen = value
      dropping = value !== AUTO
      reloadedFor = undefined
      apply()
      changed()
    },
    setRenditions(next) {
      renditions = next
      changed()
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
