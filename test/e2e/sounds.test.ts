/** Sound in a real browser: another language is chosen and heard, and what has no pictures is seen all the same. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Video } from '../../src/delivery/contract/videos.ts'
import { DESKTOP, openBrowser, PHONE, videoState, visit } from '../support/browser.ts'
import { ffmpeg } from '../support/ffmpeg.ts'
import { h264 } from '../support/media.ts'
import { type Program, startProgram, until } from '../support/program.ts'

const SECONDS = 40
const [ENGLISH, GERMAN] = [500, 1500]

let folder: string
let program: Program
let browser: Browser

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-sounds-'))
  ;[program, browser] = await Promise.all([startProgram({ env: { LOUDNESS_TARGET: '-30' } }), openBrowser()])
})

afterAll(async () => {
  await browser?.close()
  await program?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function upload(name: string): Promise<Video> {
  const form = new FormData()
  form.set('title', name)
  form.set('visibility', 'public')
  form.set('file', new Blob([await readFile(path.join(folder, name))]), name)
  return program.api<Video>('/uploads', { method: 'POST', body: form })
}

const look = (id: string) => program.api<Video>(`/videos/${id}`)
const tone = (hertz: number, seconds = SECONDS) => [
  ...['-f', 'lavfi', '-i', `sine=frequency=${hertz}:sample_rate=48000:duration=${seconds}`],
]

/** For people, into the folder that SHOTS names. */
async function shoot(page: Page, name: string): Promise<void> {
  if (!process.env.SHOTS) return
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: path.join(process.env.SHOTS, `${name}-${colorScheme}.png`) })
  }
}

/** Has what the page plays analysed. */
async function listen(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const video = document.querySelector('video')
    if (!video) throw new Error('there is no video')
    video.muted = false
    // However slow the machine, there is something to hear.
    video.loop = true
    const context = new AudioContext()
    const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 })
    context.createMediaElementSource(video).connect(analyser).connect(context.destination)
    await context.resume()
    const spectrum = new Float32Array(analyser.frequencyBinCount)
    const heard = () => {
      analyser.getFloatFrequencyData(spectrum)
      const loudest = spectrum.reduce((best, level, i) => (level > (spectrum[best] ?? 0) ? i : best), 0)
      return (loudest * context.sampleRate) / analyser.fftSize
    }
    Object.assign(window, { heard })
  })
}

const heard = (page: Page) => page.evaluate(() => (window as unknown as { heard(): number }).heard())
const hears = async (page: Page, hertz: number) =>
  until(
    () => heard(page),
    (peak) => Math.abs(peak - hertz) < 30,
    60_000,
  )

async function plays(page: Page, from = 0): Promise<void> {
  await until(
    () => videoState(page),
    (state) => (state?.currentTime ?? 0) > from && (state?.readyState ?? 0) >= 3,
    60_000,
  )
}

describe('a film in two languages', () => {
  it('is heard in the one that is chosen, by mouse and by keyboard, and never loses its pictures', async () => {
    await ffmpeg(
      ...['-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=10:duration=${SECONDS}`, ...tone(ENGLISH)],
      ...[...tone(GERMAN), '-map', '0', '-map', '1', '-map', '2', ...h264(10), '-c:a', 'aac'],
      ...[
        '-metadata:s:a:0',
        'language=eng',
        '-metadata:s:a:1',
        'language=deu',
        path.join(folder, 'film.mp4'),
      ],
    )
    const { id } = await upload('film.mp4')
    // Ready, and its even sound too.
    const video = await until(
      () => look(id),
      ({ state, renditions }) =>
        state === 'ready' &&
        renditions.some(({ name, state: of }) => name === 'audio-even' && of === 'ready'),
    )
    expect(video.loudness?.integrated).toBeGreaterThan(-30)
    await using viewer = await visit(browser, DESKTOP)
    const { page, complaints } = viewer
    const asked: string[] = []
    page.on('request', (request) =>
      asked.push(new URL(request.url()).pathname.split('/').slice(-2).join('/')),
    )
    await page.goto(`${program.site}/watch/${id}`)
    await plays(page)
    await listen(page)
    await hears(page, ENGLISH)

    await page.getByTestId('player').hover()
    await page.getByTestId('player-sound').click()
    expect(await page.locator('[data-testid^="player-sound-"]').allTextContents()).toEqual([
      expect.stringMatching(/^English/),
      expect.stringMatching(/^German/),
      expect.stringMatching(/^English, even loudness/),
    ])
    await shoot(page, 'menu')
    await page.getByTestId('player-sound-German').click()
    await hears(page, GERMAN)
    expect(asked.some((name) => /^audio-2\/\d+\.m4s$/.test(name))).toBe(true)
    expect(await page.getByTestId('player-sound').getAttribute('data-chosen')).toBe('German')

    // The same without a mouse.
    await page.getByTestId('player-sound').locator('button').focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await until(
      async () => page.getByTestId('player-sound').getAttribute('data-chosen'),
      (chosen) => chosen !== 'German',
      20_000,
    )

    // A choice is for this visit.
    await page.reload()
    await plays(page)
    await until(
      async () => page.getByTestId('player-sound').getAttribute('data-chosen'),
      (chosen) => chosen === 'English',
      20_000,
    )

    // Sound alone is no quality: however slow the line, there are pictures.
    const levels = await page.locator('[data-testid^="player-quality-"]').evaluateAll((items) => items.length)
    expect(levels, 'Auto, the original and its rung').toBe(3)
    expect((await videoState(page))?.videoHeight).toBeGreaterThan(0)
    const master = await (await fetch(`${program.site}${video.playback.hls}`)).text()
    expect(master, 'for other players there is one').toMatch(
      /CODECS="mp4a.40.2",AUDIO="audio"\naudio\/index.m3u8/,
    )
    expect(complaints).toEqual([])
  })
})

describe('sound alone', () => {
  it.each([
    ['on a desktop', DESKTOP],
    ['on a phone', PHONE],
  ])('plays under its waveform, which is also where one seeks: %s', async (_, screen) => {
    const name = `song-${screen.viewport.width}.mp3`
    await ffmpeg(
      ...[
        ...tone(700, 30),
        '-f',
        'lavfi',
        '-i',
        'testsrc2=size=300x300:rate=10:duration=0.1',
        '-map',
        '0',
        '-map',
        '1',
      ],
      ...['-frames:v', '1', '-af', 'tremolo=f=0.2:d=0.9', '-c:a', 'libmp3lame', '-c:v', 'mjpeg'],
      ...['-disposition:v', 'attached_pic', path.join(folder, name)],
    )
    const { id } = await upload(name)
    await until(
      () => look(id),
      ({ playable, playback }) => playable && playback.waveform !== null && playback.poster !== null,
    )
    await using viewer = await visit(browser, screen)
    const { page, complaints } = viewer
    await page.goto(`${program.site}/watch/${id}`)
    await plays(page, 0.2)
    const state = await videoState(page)
    expect(Math.abs((state?.duration ?? 0) - 30)).toBeLessThan(0.2)
    expect(state?.videoHeight).toBe(0)
    const waveform = page.getByTestId('player-waveform')
    await until(
      () => waveform.getAttribute('data-points'),
      (points) => Number(points) >= 590,
      20_000,
    )
    const box = await waveform.boundingBox()
    expect(box?.width).toBeGreaterThan(200)
    await waveform.click({ position: { x: (box?.width ?? 0) * 0.75, y: (box?.height ?? 0) / 2 } })
    await until(
      () => videoState(page),
      (now) => Math.abs((now?.currentTime ?? 0) - 22.5) < 2 && (now?.readyState ?? 0) >= 3,
      30_000,
    )
    expect(Number(await waveform.getAttribute('data-heard'))).toBeGreaterThan(0.7)
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(overflow).toBeLessThanOrEqual(0)
    await shoot(page, name)
    expect(complaints).toEqual([])
  })
})
