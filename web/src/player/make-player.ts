/** Builds the player: video.js with this site's controls, joined to source, quality, position and keyboard. */
import './captions-button.ts'
import './live-controls.ts'
import './quality-button.ts'
import './sound-button.ts'
import { applyShortcut, focusOf } from './apply-shortcut.ts'
import { keepCaptionChoice } from './captions-button.ts'
import { chooseByLine } from './choose-by-line.ts'
import { followLiveDelay } from './follow-live-delay.ts'
import { skipGaps } from './gap-skip.ts'
import type { PlaybackFailure } from './playback-failure.ts'
import { makeQualityControl } from './quality-control.ts'
import type { PlayableRendition } from './quality-list.ts'
import { makeSeekPreview, type PlayerChapter } from './seek-preview.ts'
import { SPEEDS, shortcutFor } from './shortcuts.ts'
import { makeSoundView, type SoundToShow } from './sound-view.ts'
import { makeSourceControl, type SourceAnswer } from './source-control.ts'
import { keepPosition, readPosition, worthResuming } from './start-position.ts'
import { isLive, secondsOf, type VjsPlayer, videojs } from './vjs.ts'

export interface PlayerSettings {
  readonly videoId: string
  readonly title: string
  readonly hls: string
  readonly poster: string | null
  /** Asked for in the address: wins over where the viewer left off. */
  readonly startSeconds: number | undefined
  /** Joined at the edge unless startSeconds says otherwise. */
  readonly live: boolean
  /** From the start; the viewer may turn the sound on. */
  readonly muted?: boolean
  readonly durationSeconds: number | null
  readonly askSource: () => Promise<SourceAnswer>
  readonly onFailure: (failure: PlaybackFailure | undefined) => void
}

export interface PlayerHandle {
  setRenditions(renditions: readonly PlayableRendition[]): void
  /** What is shown instead of pictures; null where there are some. */
  showSound(sound: SoundToShow | null): void
  /** The small pictures of the time line and the chapters on it. */
  showBeside(storyboard: string | null, chapters: readonly PlayerChapter[]): void
  seconds(): number
  seek(seconds: number): void
  retryNow(): void
  /** The player's element, for what is laid over the picture (also in full screen). */
  readonly element: HTMLElement
  dispose(): void
}

const KEEP_POSITION_EVERY_MS = 5_000

export function makePlayer(host: HTMLElement, settings: PlayerSettings): PlayerHandle {
  const element = document.createElement('video-js')
  element.className = 'reprise-player'
  host.append(element)
  const player = videojs(element, OPTIONS) as unknown as VjsPlayer
  if (settings.poster !== null) player.poster(settings.poster)
  player.el().setAttribute('aria-label', `Video player: ${settings.title}`)

  const source = makeSourceControl(player, settings.askSource, settings.onFailure)
  const quality = makeQualityControl(player, source.reload)
  const bar = player.getChild('ControlBar')
  const before = bar?.children().findIndex((child) => child.name() === 'PlaybackRateMenuButton') ?? -1
  bar?.addChild('RepriseQualityButton', { quality }, before)
  followLiveDelay(player)
  if (settings.live) chooseByLine(player)
  skipGaps(player)
  keepCaptionChoice(player)
  labelControls(player)
  offerSound(player)
  followPosition(player, settings.videoId)
  // Beside other things on a page, keys are theirs.
  if (settings.muted) player.muted(true)
  else followKeyboard(player)

  const kept = settings.live ? undefined : readPosition(localStorage, settings.videoId)
  const resumed = kept !== undefined && worthResuming(kept, settings.durationSeconds) ? kept : undefined
  source.load(settings.hls, settings.startSeconds ?? resumed, true)

  return {
    setRenditions: quality.setRenditions,
    showSound: makeSoundView(player).show,
    showBeside: makeSeekPreview(player).show,
    seconds: () => secondsOf(player),
    seek: (seconds) => player.currentTime(seconds),
    retryNow: source.retryNow,
    element: player.el() as HTMLElement,
    dispose: () => player.dispose(),
  }
}

const OPTIONS = {
  controls: true,
  preload: 'auto',
  fill: true,
  playsinline: true,
  liveui: true,
  // From the first second: a bar as soon as there is anything to go back to.
  liveTracker: { trackingThreshold: 0, liveTolerance: 10 },
  inactivityTimeout: 2500,
  playbackRates: [...SPEEDS],
  // Failures are shown by the page, in words.
  errorDisplay: false,
  // The page has its own shortcuts, which also work when the player has no focus.
  userActions: { hotkeys: false },
  html5: {
    vhs: {
      overrideNative: !videojs.browser.IS_ANY_SAFARI,
      // A rendition that failed once, in a restart of the server, is fine again soon.
      playlistExclusionDuration: 5,
      useDevicePixelRatio: true,
      useBandwidthFromLocalStorage: true,
    },
    nativeAudioTracks: videojs.browser.IS_ANY_SAFARI,
    nativeVideoTracks: videojs.browser.IS_ANY_SAFARI,
  },
  controlBar: {
    children: [
      'playToggle',
      'volumePanel',
      'repriseLiveButton',
      'currentTimeDisplay',
      'timeDivider',
      'durationDisplay',
      'progressControl',
      'customControlSpacer',
      'repriseCaptionsButton',
      'repriseSoundButton',
      'playbackRateMenuButton',
      'pictureInPictureToggle',
      'fullscreenToggle',
    ],
    volumePanel: { inline: true },
  },
}

/** Names for tests; assistive technology reads video.js's own labels. */
function labelControls(player: VjsPlayer): void {
  const names = {
    PlayToggle: 'player-play',
    CurrentTimeDisplay: 'player-time',
    DurationDisplay: 'player-duration',
    PlaybackRateMenuButton: 'player-speed',
    FullscreenToggle: 'player-fullscreen',
  }
  const bar = player.getChild('ControlBar')
  for (const [component, name] of Object.entries(names))
    bar?.getChild(component)?.el().setAttribute('data-testid', name)
  bar?.getDescendant('ProgressControl', 'SeekBar')?.el().setAttribute('data-testid', 'player-seek')
}

/** Shown while the browser holds the sound back. */
function offerSound(player: VjsPlayer): void {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'reprise-unmute'
  button.dataset.testid = 'player-unmute'
  button.textContent = 'Turn the sound on'
  button.addEventListener('click', () => player.muted(false))
  player.el().append(button)
  player.on('volumechange', () => {
    if (!player.muted()) player.removeClass('reprise-muted-by-browser')
  })
}

function followPosition(player: VjsPlayer, videoId: string): void {
  const keep = () => {
    const [seconds, duration] = [secondsOf(player), player.duration() ?? 0]
    if (isLive(player) || duration === 0) return
    keepPosition(localStorage, videoId, worthResuming(seconds, duration) ? seconds : undefined)
  }
  const timer = setInterval(() => !player.paused() && keep(), KEEP_POSITION_EVERY_MS)
  player.on(['pause', 'ended'], keep)
  window.addEventListener('pagehide', keep)
  player.on('dispose', () => {
    keep()
    clearInterval(timer)
    window.removeEventListener('pagehide', keep)
  })
}

function followKeyboard(player: VjsPlayer): void {
  const press = (event: KeyboardEvent) => {
    if (event.defaultPrevented) return
    const shortcut = shortcutFor(event, focusOf(event.target, player))
    if (shortcut === undefined) return
    event.preventDefault()
    event.stopPropagation()
    applyShortcut(player, shortcut)
  }
  // On the way down: video.js lets no key out of its controls.
  document.addEventListener('keydown', press, true)
  player.on('dispose', () => document.removeEventListener('keydown', press, true))
}
