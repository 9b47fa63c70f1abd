/**
 * What is looked at where there are no pictures: the cover, if there is one, and the waveform with what
 * has been heard of it. A press on it goes there; for the keyboard there is the bar below.
 */
import { isLive, secondsOf, seekableEnd, type VjsPlayer } from './vjs.ts'
import { barsOf, readWaveform, type Waveform } from './waveform.ts'

export interface SoundToShow {
  readonly waveform: string | null
  readonly poster: string | null
}

export interface SoundView {
  /** Null: there are pictures after all. */
  show(sound: SoundToShow | null): void
}

/** CSS pixels from one bar to the next, and of each. */
const BAR_STEP = 4
const BAR_WIDTH = 2.5
/** A line where nothing is known, or silence. */
const LEAST_HEIGHT = 2

export function makeSoundView(player: VjsPlayer): SoundView {
  const view = document.createElement('div')
  view.className = 'reprise-sound-view'
  view.setAttribute('aria-hidden', 'true')
  const backdrop = picture('reprise-sound-backdrop')
  const cover = picture('reprise-sound-cover')
  const canvas = document.createElement('canvas')
  canvas.dataset.testid = 'player-waveform'
  view.append(backdrop, cover, canvas)
  let address: string | null = null
  let waveform: Waveform | undefined

  const duration = () => (isLive(player) ? seekableEnd(player) : (player.duration() ?? 0))
  const draw = () => {
    if (!view.isConnected || canvas.clientWidth === 0) return
    const heard = duration() > 0 ? Math.min(1, secondsOf(player) / duration()) : 0
    canvas.dataset.heard = heard.toFixed(3)
    drawBars(canvas, waveform, duration(), heard)
  }
  const seek = (event: PointerEvent) => {
    const { left, width } = canvas.getBoundingClientRect()
    if (duration() > 0 && width > 0)
      player.currentTime(duration() * Math.min(1, Math.max(0, (event.clientX - left) / width)))
  }
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return
    canvas.setPointerCapture(event.pointerId)
    seek(event)
  })
  canvas.addEventListener('pointermove', (event) => canvas.hasPointerCapture(event.pointerId) && seek(event))
  player.on(['timeupdate', 'durationchange', 'seeking', 'loadedmetadata', 'progress'], draw)
  const resized = new ResizeObserver(draw)
  resized.observe(canvas)
  player.on('dispose', () => resized.disconnect())

  async function load(from: string): Promise<void> {
    const answer = await fetch(from).catch(() => undefined)
    const read = answer?.ok ? readWaveform(await answer.json().catch(() => undefined)) : undefined
    if (address !== from || read === undefined) return
    waveform = read
    canvas.dataset.points = String(read.peaks.length)
    draw()
  }

  return {
    show(sound) {
      player.toggleClass('reprise-sound', sound !== null)
      if (sound === null) return view.remove()
      // Behind what video.js lays over the pictures.
      if (!view.isConnected) player.el().insertBefore(view, player.el().querySelector('.vjs-poster'))
      for (const image of [backdrop, cover]) {
        image.hidden = sound.poster === null
        if (sound.poster !== null && image.getAttribute('src') !== sound.poster) image.src = sound.poster
      }
      if (sound.waveform !== null && sound.waveform !== address) {
        address = sound.waveform
        void load(address)
      }
      draw()
    },
  }
}

function picture(className: string): HTMLImageElement {
  const image = document.createElement('img')
  image.className = className
  image.alt = ''
  image.hidden = true
  return image
}

function drawBars(
  canvas: HTMLCanvasElement,
  waveform: Waveform | undefined,
  seconds: number,
  heard: number,
): void {
  const [width, height, scale] = [canvas.clientWidth, canvas.clientHeight, devicePixelRatio]
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  const context = canvas.getContext('2d')
  if (context === null) return
  const style = getComputedStyle(canvas)
  const colours = [style.getPropertyValue('--heard'), style.getPropertyValue('--to-come')]
  context.scale(scale, scale)
  const count = Math.max(1, Math.floor(width / BAR_STEP))
  const bars = waveform && seconds > 0 ? barsOf(waveform, seconds, count) : Array(count).fill(0)
  for (const [index, level] of bars.entries()) {
    const tall = Math.max(LEAST_HEIGHT, level * height)
    context.fillStyle = colours[(index + 0.5) / count <= heard ? 0 : 1] || '#fff'
    context.beginPath()
    context.roundRect(index * BAR_STEP, (height - tall) / 2, BAR_WIDTH, tall, BAR_WIDTH / 2)
    context.fill()
  }
}
