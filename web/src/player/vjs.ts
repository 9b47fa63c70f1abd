/** video.js and the classes this player derives from, with types where video.js gives none. */
import videojs from 'video.js'
import type ButtonClass from 'video.js/dist/types/button.d.ts'
import type LiveTrackerClass from 'video.js/dist/types/live-tracker.d.ts'
import type MenuButtonClass from 'video.js/dist/types/menu/menu-button.d.ts'
import type MenuItemClass from 'video.js/dist/types/menu/menu-item.d.ts'
import type Player from 'video.js/dist/types/player.d.ts'

export { videojs }
export type VjsPlayer = Player

export const Button = videojs.getComponent('Button') as unknown as typeof ButtonClass
export const MenuButton = videojs.getComponent('MenuButton') as unknown as typeof MenuButtonClass
export const SubsCapsButton = videojs.getComponent('SubsCapsButton') as unknown as typeof MenuButtonClass
export const MenuItem = videojs.getComponent('MenuItem') as unknown as typeof MenuItemClass
export const LiveTracker = videojs.getComponent('LiveTracker') as unknown as typeof LiveTrackerClass

/** video.js's own type wants every component to take the same options. */
export const registerComponent = videojs.registerComponent as unknown as (
  name: string,
  component: new (player: VjsPlayer, options: never) => object,
) => void

/** One variant of videojs-contrib-quality-levels. Writing `enabled` switches. */
export interface QualityLevel {
  readonly id: string
  readonly width?: number
  readonly height?: number
  readonly bitrate?: number
  enabled: boolean
}

export interface QualityLevels extends EventTarget {
  readonly length: number
  readonly selectedIndex: number
  readonly [index: number]: QualityLevel
  on(type: string, listener: () => void): void
  off(type: string, listener: () => void): void
}

export function qualityLevelsOf(player: VjsPlayer): QualityLevels {
  return (player as unknown as { qualityLevels(): QualityLevels }).qualityLevels()
}

/** The last second that can be sought to: while live, the edge. */
export function seekableEnd(player: VjsPlayer): number {
  const ranges = player.seekable()
  return ranges.length === 0 ? 0 : ranges.end(ranges.length - 1)
}

/** The first second that can be sought to. */
export function seekableStart(player: VjsPlayer): number {
  const ranges = player.seekable()
  return ranges.length === 0 ? 0 : ranges.start(0)
}

export const isLive = (player: VjsPlayer) => player.duration() === Number.POSITIVE_INFINITY

export const secondsOf = (player: VjsPlayer) => player.currentTime() ?? 0
