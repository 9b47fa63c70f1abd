/**
 * The menu of captions: off, each track, and how they look. And the viewer's choice, kept for the next video:
 * a language, or none.
 */
import { registerComponent, SubsCapsButton, type VjsPlayer } from './vjs.ts'

const KEY = 'reprise-captions'
const OFF = 'off'

interface Track {
  readonly kind: string
  readonly language: string
  readonly label: string
  mode: string
}

interface Tracks {
  readonly length: number
  readonly [index: number]: Track
  addEventListener(type: string, listener: () => void): void
  removeEventListener(type: string, listener: () => void): void
}

class CaptionsButton extends SubsCapsButton {
  constructor(player: VjsPlayer, options?: object) {
    super(player, options)
    this.el().setAttribute('data-testid', 'player-captions')
  }

  /** Of the whole; the other is that of the button in it. */
  override buildWrapperCSSClass(): string {
    return `reprise-captions-button ${super.buildWrapperCSSClass()}`
  }
}

registerComponent('RepriseCaptionsButton', CaptionsButton)

/** On and off, in the language that was chosen before, else the default, else the first. */
export function toggleCaptions(player: VjsPlayer): void {
  const tracks = listOf(player)
  const showing = tracks.filter(({ mode }) => mode === 'showing')
  const wanted = readChoice()
  for (const track of tracks) track.mode = 'disabled'
  const next = tracks.find(({ language }) => language === wanted) ?? tracks[0]
  if (showing.length === 0 && next) next.mode = 'showing'
}

export function keepCaptionChoice(player: VjsPlayer): void {
  const all = tracksOf(player)
  /** Until what was chosen before is applied, what players show by themselves is no choice of the viewer. */
  let settled = false
  const apply = () => {
    const wanted = readChoice()
    const tracks = listOf(player)
    if (wanted === undefined || tracks.length === 0) return
    const fit = tracks.find(({ language }) => language === wanted)
    if (wanted !== OFF && !fit) return
    for (const track of tracks) track.mode = track === fit ? 'showing' : 'disabled'
  }
  const keep = () => {
    if (!settled || listOf(player).length === 0) return
    const shown = listOf(player).find(({ mode }) => mode === 'showing')
    writeChoice(shown ? shown.language || shown.label : OFF)
  }
  player.on('loadstart', () => {
    settled = false
  })
  player.on('loadeddata', () => {
    apply()
    // What follows from it is told by an event of its own, after this one.
    setTimeout(() => {
      settled = true
    })
  })
  all.addEventListener('change', keep)
  player.on('dispose', () => all.removeEventListener('change', keep))
}

const tracksOf = (player: VjsPlayer) => (player as unknown as { textTracks(): Tracks }).textTracks()

function listOf(player: VjsPlayer): readonly Track[] {
  const all = tracksOf(player)
  return Array.from({ length: all.length }, (_, i) => all[i]).filter(
    (track): track is Track => track?.kind === 'subtitles' || track?.kind === 'captions',
  )
}

/** The store may be forbidden or full: then nothing is remembered. */
function readChoice(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? undefined
  } catch {
    return undefined
  }
}

function writeChoice(choice: string): void {
  try {
    localStorage.setItem(KEY, choice)
  } catch {
    // See above.
  }
}
