/** Does what a keyboard shortcut asks of the player. */
import { toggleCaptions } from './captions-button.ts'
import { type KeyboardFocus, nextSpeed, type Shortcut } from './shortcuts.ts'
import { isLive, secondsOf, seekableEnd, type VjsPlayer } from './vjs.ts'

export function applyShortcut(player: VjsPlayer, shortcut: Shortcut): void {
  switch (shortcut.kind) {
    case 'toggle-play':
      if (player.paused()) void player.play()
      else player.pause()
      break
    case 'seek-by':
      seek(player, secondsOf(player) + shortcut.seconds)
      break
    case 'seek-to':
      seek(player, lastSecond(player) * shortcut.fraction)
      break
    case 'volume-by':
      player.volume(Math.min(Math.max((player.volume() ?? 1) + shortcut.amount, 0), 1))
      if (shortcut.amount > 0) player.muted(false)
      break
    case 'toggle-mute':
      player.muted(!player.muted())
      break
    case 'toggle-captions':
      toggleCaptions(player)
      break
    case 'toggle-fullscreen':
      if (player.isFullscreen()) void player.exitFullscreen()
      else void player.requestFullscreen()
      break
    case 'speed-by':
      player.playbackRate(nextSpeed(player.playbackRate() ?? 1, shortcut.steps))
      break
  }
  player.userActive(true)
}

function lastSecond(player: VjsPlayer): number {
  return isLive(player) ? seekableEnd(player) : (player.duration() ?? 0)
}

function seek(player: VjsPlayer, seconds: number): void {
  if (player.readyState() === 0) return
  player.currentTime(Math.min(Math.max(seconds, 0), lastSecond(player)))
}

/** Where the keyboard's focus is, for shortcutFor. */
export function focusOf(target: EventTarget | null, player: VjsPlayer): KeyboardFocus {
  if (!(target instanceof HTMLElement)) return 'page'
  if (
    target.closest(
      'input, textarea, select, [contenteditable=true], [role=dialog], [role=menu], [role=listbox]',
    )
  )
    return 'field'
  if (target.closest('[role=slider]')) return 'slider'
  if (target.closest('button, a[href], [role=button], [role=tab], summary')) return 'button'
  return player.el().contains(target) ? 'player' : 'page'
}
