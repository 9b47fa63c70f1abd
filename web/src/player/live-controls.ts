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

/** Playback drifts while segments arrive in steps: only farther behind than this, it is not live any more. */
const DRIFT_SECONDS = 10
/** Who seeks farther back than this means to. */
const SOUGHT_SECONDS = 3

export function seekToEdge(player: VjsPlayer): void {
  player.currentTime(seekableEnd(player))
}

class LiveButton extends Button {
  declare private atEdge: boolean | undefined

  constructor(player: VjsPlayer, options?: object) {
    super(player, options)
    this.el().setAttribute('data-testid', 'player-live')
    const render = () => this.render()
    player.on('seeked', () => {
      this.atEdge = seekableEnd(player) - secondsOf(player) < SOUGHT_SECONDS
    })
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
    const behind = live ? Math.max(0, seekableEnd(player) - secondsOf(player)) : 0
    if (behind > DRIFT_SECONDS) this.atEdge = false
    else if (behind < SOUGHT_SECONDS) this.atEdge = true
    const lag = this.atEdge === false ? behind : 0
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
