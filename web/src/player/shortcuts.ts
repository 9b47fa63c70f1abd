/** Keyboard shortcuts of the watch page: which key means what. Pure; apply-shortcut.ts does it. */

export type Shortcut =
  | { readonly kind: 'toggle-play' }
  | { readonly kind: 'seek-by'; readonly seconds: number }
  /** Of the whole video, or of what was broadcast so far. */
  | { readonly kind: 'seek-to'; readonly fraction: number }
  | { readonly kind: 'volume-by'; readonly amount: number }
  | { readonly kind: 'toggle-mute' }
  | { readonly kind: 'toggle-captions' }
  | { readonly kind: 'toggle-fullscreen' }
  | { readonly kind: 'speed-by'; readonly steps: 1 | -1 }

export const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3] as const

/** For the help below the player. */
export const SHORTCUT_HELP: readonly (readonly [keys: string, what: string])[] = [
  ['Space or K', 'play or pause'],
  ['J / L', 'back or forward 10 seconds'],
  ['← / →', 'back or forward 5 seconds'],
  ['↑ / ↓', 'volume, when the player has the focus'],
  ['0 … 9', 'jump to 0 % … 90 %'],
  ['< / >', 'slower or faster'],
  ['M', 'sound on or off'],
  ['F', 'full screen'],
  ['C', 'captions on or off'],
]

interface KeyPress {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
}

export type KeyboardFocus = 'field' | 'slider' | 'button' | 'player' | 'page'

/**
 * `focus`: where the keyboard is. In a field, keys are text. On a slider, arrows move it. On a button, Space presses it. On the
 * page, up and down scroll; on the player they are the volume.
 */
export function shortcutFor(press: KeyPress, focus: KeyboardFocus): Shortcut | undefined {
  if (focus === 'field' || press.ctrlKey || press.metaKey || press.altKey) return undefined
  if (focus === 'slider' && press.key.startsWith('Arrow')) return undefined
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key
  if (/^[0-9]$/.test(key)) return { kind: 'seek-to', fraction: Number(key) / 10 }
  switch (key) {
    case ' ':
      return focus === 'button' ? undefined : { kind: 'toggle-play' }
    case 'k':
      return { kind: 'toggle-play' }
    case 'j':
      return { kind: 'seek-by', seconds: -10 }
    case 'l':
      return { kind: 'seek-by', seconds: 10 }
    case 'ArrowLeft':
      return { kind: 'seek-by', seconds: -5 }
    case 'ArrowRight':
      return { kind: 'seek-by', seconds: 5 }
    case 'ArrowUp':
      return focus === 'player' ? { kind: 'volume-by', amount: 0.05 } : undefined
    case 'ArrowDown':
      return focus === 'player' ? { kind: 'volume-by', amount: -0.05 } : undefined
    case 'f':
      return { kind: 'toggle-fullscreen' }
    case 'm':
      return { kind: 'toggle-mute' }
    case 'c':
      return { kind: 'toggle-captions' }
    case '<':
      return { kind: 'speed-by', steps: -1 }
    case '>':
      return { kind: 'speed-by', steps: 1 }
    default:
      return undefined
  }
}

/** The speed one step from `speed`, staying within SPEEDS. */
export function nextSpeed(speed: number, steps: 1 | -1): number {
  const at = SPEEDS.reduce(
    (best, value, i) => (Math.abs(value - speed) < Math.abs((SPEEDS[best] ?? 1) - speed) ? i : best),
    0,
  )
  return SPEEDS[Math.min(Math.max(at + steps, 0), SPEEDS.length - 1)] ?? 1
}
