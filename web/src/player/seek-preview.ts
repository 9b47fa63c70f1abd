/**
 * What lies under the pointer on the time line: a small picture, the time and the chapter. For a mouse that
 * hovers, a finger that scrubs, and the keyboard on the slider. And the chapters' marks on the line.
 */
import { formatDuration } from '../ui/format-time.ts'
import { pictureAt, readStoryboard, type SmallPicture } from './storyboard.ts'
import { isLive, secondsOf, seekableEnd, seekableStart, type VjsPlayer } from './vjs.ts'

export interface PlayerChapter {
  /** Seconds. */
  readonly start: number
  readonly title: string
}

export interface SeekPreview {
  /** `storyboard`: address of its WebVTT; null while there is none. */
  show(storyboard: string | null, chapters: readonly PlayerChapter[]): void
}

/** A storyboard that grows is looked at again this often at most. */
const LOOK_AGAIN_MS = 20_000
const AFTER_A_KEY_MS = 1_500

export function makeSeekPreview(player: VjsPlayer): SeekPreview {
  const control = player.getChild('ControlBar')?.getChild('ProgressControl')
  const line = control?.getChild('SeekBar')?.el() as HTMLElement | undefined
  if (!control || !line) return { show: () => undefined }
  const box = document.createElement('div')
  box.className = 'reprise-seek-preview'
  box.dataset.testid = 'player-seek-preview'
  box.setAttribute('aria-hidden', 'true')
  const picture = box.appendChild(document.createElement('div'))
  picture.className = 'reprise-seek-picture'
  const words = box.appendChild(document.createElement('span'))
  control.el().append(box)
  player.addClass('reprise-has-preview')
  const marks = document.createElement('div')
  marks.className = 'reprise-chapter-marks'
  line.append(marks)

  let address: string | null = null
  let chapters: readonly PlayerChapter[] = []
  let pictures: readonly SmallPicture[] = []
  let lookedAt = Number.NEGATIVE_INFINITY
  /** Seconds. */
  let shownAt = 0
  let hiding: ReturnType<typeof setTimeout> | undefined
  const gone = new AbortController()

  /** Fetched when somebody looks for the first time; of a broadcast on air again now and then. */
  function look(): void {
    const due = pictures.length === 0 || isLive(player) ? LOOK_AGAIN_MS : Number.POSITIVE_INFINITY
    if (address === null || performance.now() - lookedAt < due) return
    lookedAt = performance.now()
    const asked = new URL(address, document.baseURI).href
    fetch(asked, { signal: gone.signal })
      .then(async (response) => (response.ok ? readStoryboard(await response.text(), asked) : pictures))
      .then((found) => {
        if (asked !== new URL(address ?? '', document.baseURI).href) return
        pictures = found
        // The pointer may have come to rest while they were on their way.
        if (box.classList.contains('reprise-shown')) render(shownAt)
      })
      // Without pictures there is still the time.
      .catch(() => undefined)
  }

  const span = () => {
    const start = isLive(player) ? seekableStart(player) : 0
    return {
      start,
      length: Math.max(0, (isLive(player) ? seekableEnd(player) : (player.duration() ?? 0)) - start),
    }
  }

  function render(seconds: number): void {
    const { start, length } = span()
    if (!(length > 0)) {
      hide()
      return
    }
    shownAt = seconds
    look()
    const found = pictureAt(pictures, seconds)
    picture.hidden = found === undefined
    if (found) {
      picture.style.width = `${found.width}px`
      picture.style.height = `${found.height}px`
      picture.style.backgroundImage = `url("${found.sheet}")`
      picture.style.backgroundPosition = `-${found.x}px -${found.y}px`
    }
    const chapter = chapters.findLast((one) => one.start <= seconds + 0.01)
    const time = isLive(player)
      ? `−${formatDuration(Math.max(0, start + length - seconds))}`
      : formatDuration(seconds)
    words.replaceChildren(
      ...(chapter ? [Object.assign(document.createElement('strong'), { textContent: chapter.title })] : []),
      time,
    )
    box.classList.add('reprise-shown')
    const bar = control?.el().getBoundingClientRect()
    const track = line?.getBoundingClientRect()
    if (!bar || !track) return
    const at = track.left - bar.left + (track.width * (seconds - start)) / length
    const half = box.offsetWidth / 2
    box.style.left = `${Math.min(Math.max(at, half), bar.width - half)}px`
  }

  const hide = () => box.classList.remove('reprise-shown')
  const hideSoon = (ms: number) => {
    clearTimeout(hiding)
    hiding = setTimeout(hide, ms)
  }
  const secondsAt = (clientX: number) => {
    const track = line.getBoundingClientRect()
    const { start, length } = span()
    return start + length * Math.min(1, Math.max(0, (clientX - track.left) / Math.max(1, track.width)))
  }
  const host = control.el() as HTMLElement
  const listen = { signal: gone.signal, passive: true } as const
  const point = (event: MouseEvent) => {
    clearTimeout(hiding)
    render(secondsAt(event.clientX))
  }
  const touch = (event: TouchEvent) => {
    const finger = event.touches[0]
    clearTimeout(hiding)
    if (finger) render(secondsAt(finger.clientX))
  }
  host.addEventListener('mousemove', point, listen)
  host.addEventListener('mouseleave', hide, listen)
  host.addEventListener('touchstart', touch, listen)
  // Also beside the line: a finger that scrubs wanders.
  host.addEventListener('touchmove', touch, listen)
  host.addEventListener('touchend', () => hideSoon(300), listen)
  host.addEventListener('touchcancel', hide, listen)
  line.addEventListener(
    'keydown',
    ({ key }) => {
      if (!/^(Arrow|Page|Home|End)/.test(key)) return
      // After the slider has moved.
      requestAnimationFrame(() => render(secondsOf(player)))
      hideSoon(AFTER_A_KEY_MS)
    },
    listen,
  )
  line.addEventListener('blur', hide, listen)

  function mark(): void {
    const { start, length } = span()
    marks.replaceChildren(
      ...chapters
        .filter((chapter) => length > 0 && chapter.start > start && chapter.start < start + length)
        .map((chapter) => {
          const one = document.createElement('span')
          one.dataset.testid = 'player-chapter'
          one.dataset.title = chapter.title
          one.style.left = `${(100 * (chapter.start - start)) / length}%`
          return one
        }),
    )
  }
  player.on('durationchange', mark)
  player.on('dispose', () => {
    gone.abort()
    clearTimeout(hiding)
  })

  return {
    show(storyboard, of) {
      if (storyboard !== address) {
        address = storyboard
        lookedAt = Number.NEGATIVE_INFINITY
      }
      chapters = of
      mark()
    },
  }
}
