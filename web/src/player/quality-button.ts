/** The quality menu in the control bar: Auto and what it chose, each rendition, Original. */
import type { QualityControl } from './quality-control.ts'
import { AUTO } from './quality-list.ts'
import { MenuButton, MenuItem, registerComponent, type VjsPlayer } from './vjs.ts'

interface Options {
  readonly quality: QualityControl
}

class QualityItem extends MenuItem {
  constructor(
    player: VjsPlayer,
    options: { label: string; value: string; selected: boolean; choose: () => void },
  ) {
    super(player, {
      label: options.label,
      selectable: true,
      selected: options.selected,
      multiSelectable: false,
    })
    this.el().setAttribute('data-testid', `player-quality-${options.value}`)
    this.on(['click', 'tap'], options.choose)
  }
}

class QualityButton extends MenuButton {
  constructor(player: VjsPlayer, options: Options) {
    super(player, { ...options, title: 'Quality' })
    this.controlText('Quality')
    this.el().setAttribute('data-testid', 'player-quality')
    const label = document.createElement('span')
    label.className = 'reprise-quality-label'
    label.setAttribute('aria-hidden', 'true')
    this.menuButton_.el().append(label)
    const render = () => {
      this.update()
      this.render(label)
    }
    const stop = options.quality.onChange(render)
    this.on('dispose', stop)
    render()
  }

  override buildCSSClass(): string {
    return `reprise-quality-button ${super.buildCSSClass()}`
  }

  override createItems(): QualityItem[] {
    const { quality } = this.options_ as Options
    const player = this.player() as VjsPlayer
    const options = quality.options()
    const chosen = quality.chosen()
    const item = (value: string, label: string) =>
      new QualityItem(player, {
        value,
        label,
        selected: value === chosen,
        choose: () => quality.choose(value),
      })
    if (options.length === 0) return []
    return [item(AUTO, autoLabel(quality)), ...options.map(({ value, label }) => item(value, label))]
  }

  private render(label: HTMLElement): void {
    const { quality } = this.options_ as Options
    const chosen = quality.options().find(({ value }) => value === quality.chosen())
    const text = chosen?.label ?? 'Auto'
    label.textContent = text.replace(/^Original.*/, 'Original')
    const element = this.el() as HTMLElement
    element.dataset.chosen = quality.chosen()
    element.dataset.playing = quality.playing() ?? ''
    this.controlText(`Quality: ${chosen?.label ?? autoLabel(quality)}`)
  }
}

function autoLabel(quality: QualityControl): string {
  const playing = quality.chosen() === AUTO ? quality.playing() : undefined
  return playing === undefined ? 'Auto' : `Auto: ${playing}`
}

registerComponent('RepriseQualityButton', QualityButton)
