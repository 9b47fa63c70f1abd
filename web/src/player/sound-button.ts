/** The menu of sounds in the control bar: languages, commentaries. Not there while there is nothing to choose. */
import { MenuButton, MenuItem, registerComponent, type VjsPlayer } from './vjs.ts'

interface Sound {
  readonly id: string
  readonly label: string
  readonly language: string
  enabled: boolean
}

/** video.js's AudioTrackList. */
interface Sounds {
  readonly length: number
  readonly [index: number]: Sound
  addEventListener(type: string, listener: () => void): void
  removeEventListener(type: string, listener: () => void): void
}

const CHANGES = ['addtrack', 'removetrack', 'change']

const soundsOf = (player: VjsPlayer) => (player as unknown as { audioTracks(): Sounds }).audioTracks()

function listOf(player: VjsPlayer): readonly Sound[] {
  const sounds = soundsOf(player)
  return Array.from({ length: sounds.length }, (_, i) => sounds[i]).filter((sound) => sound !== undefined)
}

class SoundItem extends MenuItem {
  constructor(player: VjsPlayer, options: { label: string; selected: boolean; choose: () => void }) {
    super(player, { ...options, selectable: true, multiSelectable: false })
    this.el().setAttribute('data-testid', `player-sound-${options.label}`)
    this.on(['click', 'tap'], options.choose)
  }
}

class SoundButton extends MenuButton {
  constructor(player: VjsPlayer, options?: object) {
    super(player, { ...options, title: 'Sound' })
    this.el().setAttribute('data-testid', 'player-sound')
    const sounds = soundsOf(player)
    const render = () => this.render()
    for (const change of CHANGES) sounds.addEventListener(change, render)
    this.on('dispose', () => {
      for (const change of CHANGES) sounds.removeEventListener(change, render)
    })
    render()
  }

  override buildCSSClass(): string {
    return `vjs-audio-button reprise-sound-button ${super.buildCSSClass()}`
  }

  override buildWrapperCSSClass(): string {
    return `vjs-audio-button reprise-sound-button ${super.buildWrapperCSSClass()}`
  }

  override createItems(): SoundItem[] {
    const player = this.player() as VjsPlayer
    return listOf(player).map(
      (sound) =>
        new SoundItem(player, {
          label: sound.label,
          selected: sound.enabled,
          // The others are turned off by the list itself.
          choose: () => (sound.enabled = true),
        }),
    )
  }

  private render(): void {
    this.update()
    const list = listOf(this.player() as VjsPlayer)
    const chosen = list.find(({ enabled }) => enabled)
    this.toggleClass('vjs-hidden', list.length < 2)
    this.controlText(chosen ? `Sound: ${chosen.label}` : 'Sound')
    ;(this.el() as HTMLElement).dataset.chosen = chosen?.label ?? ''
  }
}

registerComponent('RepriseSoundButton', SoundButton)
