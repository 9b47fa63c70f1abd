/**
 * Controls of a broadcast on air: a badge that says LIVE, or how far behind, and goes to the edge;
 * and a live tracker that leaves the viewer where the viewer is.
 */
import { formatDuration } from '../ui/format-time.ts'
import {
  Button,
  isLive,
  LiveTracker,
  registerComponent,
  secondsOf,
  seekableEnd,
  type VjsPlayer,
} from './vjs.ts'

/** Nearer to the edge than this counts as live: segments arrive in steps of some seconds. */
const EDGE_SECONDS = 10

/** Seconds behind the edge; 0 when at it. */
export function lagOf(player: VjsPlayer): number {
  const lag = seekableEnd(player) - secondsOf(player)
  return lag <= EDGE_SECONDS ? 0 : lag
}

export function seekToEdge(player: VjsPlayer): void {
  player.currentTime(seekableEnd(player))
}

class LiveButton extends Button {
  constructor(player: VjsPlayer, options?: object) {
    super(player, options)
    this.el().setAttribute('data-testid', 'player-live')
    const render = () => this.render()
    player.on(['timeupdate', 'durationchange', 'progress', 'seeked', 'loadstart'], render)
    this.setInterval(render, 1000)
    this.render()
  }

  override buildCSSClass(): string {
    return `reprise-live-button ${super.buildCSSClass()}`
  }

  override handleClick(): void {
    const player = this.player() as VjsPlayer
    seekToEdge(player)
    void player.play()
  }

  private render(): void {
    const player = this.player() as VjsPlayer
    const live = isLive(player)
    const lag = live ? lagOf(player) : 0
    this.toggleClass('vjs-hidden', !live)
    this.toggleClass('reprise-at-edge', lag === 0)
    const text = lag === 0 ? 'LIVE' : `−${formatDuration(lag)}`
    const label = lag === 0 ? 'Live' : `${formatDuration(lag)} behind live. Go to live`
    const element = this.el() as HTMLElement
    if (element.dataset.text === text) return
    element.dataset.text = text
    element.dataset.lag = String(Math.round(lag))
    this.controlText(label)
    const placeholder = element.querySelector('.vjs-icon-placeholder')
    if (placeholder) placeholder.textContent = text
  }
}

/** The stock tracker seeks to the edge on the first play, even when the page was asked for another moment. */
class StayingLiveTracker extends LiveTracker {
  override handlePlay(): void {}
}

registerComponent('RepriseLiveButton', LiveButton)
registerComponent('LiveTracker', StayingLiveTracker)
