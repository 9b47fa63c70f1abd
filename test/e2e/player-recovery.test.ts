/** What the real program is too healthy to show: the player through outages, against a server that can be stopped at will. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openBrowser, videoState, visit } from '../support/browser.ts'
import { until } from '../support/program.ts'
import { type StandInServer, startStandInServer } from '../support/web/stand-in-server.ts'

const MEDIA_SECONDS = 300

let server: StandInServer
let browser: Browser

beforeAll(async () => {
  ;[server, browser] = await Promise.all([startStandInServer({ seconds: MEDIA_SECONDS }), openBrowser()])
})
beforeEach(() => server.start())
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

type Page = Awaited<ReturnType<typeof visit>>['page']

/** Plays, and has got farther than `seconds`. */
const playsPast = (page: Page, seconds: number, withinMs = 20_000) =>
  until(
    () => videoState(page),
    (state) => state !== undefined && !state.paused && state.readyState >= 3 && state.currentTime > seconds,
    withinMs,
  )

const notice = (page: Page) => page.getByTestId('player-notice')

describe('the player', () => {
  it('says that the server is away, and goes on with the broadcast where it stopped when it is back', async () => {
    server.goLive(30)
    await using viewer = await visit(browser)
    const { page } = viewer
    await page.goto(`${server.address}/watch/onair`)
    await playsPast(page, 20)
    await server.stop()
    await notice(page).getByText('The server cannot be reached').waitFor({ timeout: 30_000 })
    const stoppedAt = (await videoState(page))?.currentTime ?? 0
    await server.start()
    const after = await playsPast(page, stoppedAt + 1)
    expect(after?.currentTime).toBeLessThan(stoppedAt + 10)
    await notice(page).waitFor({ state: 'detached' })
  })

  it('stays where it is when the broadcast it plays ends, and has its whole length', async () => {
    await using viewer = await visit(browser)
    const { page } = viewer
    await page.goto(`${server.address}/watch/onair?t=3`)
    await playsPast(page, 4)
    // Sampled in the page: a jump would be over before it could be asked for from here.
    await page.evaluate(() => {
      const video = document.querySelector('video') as HTMLVideoElement
      let last = video.currentTime
      let widest = 0
      Object.assign(window, { widestJump: () => widest })
      setInterval(() => {
        widest = Math.max(widest, Math.abs(video.currentTime - last))
        last = video.currentTime
      }, 50)
    })
    server.endLive()
    await page.getByTestId('ended').waitFor()
    await until(
      () => videoState(page),
      (state) => Math.abs((state?.duration ?? 0) - MEDIA_SECONDS) < 0.5,
      15_000,
    )
    await playsPast(page, 8)
    expect(
      await page.evaluate(() => (window as unknown as { widestJump(): number }).widestJump()),
    ).toBeLessThan(1)
    expect(await page.getByTestId('player-live').isVisible()).toBe(false)
  })

  it('gets a quality that was made after the broadcast it had loaded, at the same moment, paused', async () => {
    await using viewer = await visit(browser)
    const { page } = viewer
    // As the player of a live has it: only the original in its playlist, until it is asked for again.
    await page.route(
      /\/master\.m3u8(\?|$)/,
      async (route) => {
        const text = await (await route.fetch()).text()
        await route.fulfill({ body: text.replace(/#EXT-X-STREAM-INF[^\n]*\n180p[^\n]*\n/, '') })
      },
      { times: 1 },
    )
    await page.goto(`${server.address}/watch/replay?t=40`)
    await playsPast(page, 40)
    await page.keyboard.press('k')
    const before = await videoState(page)
    expect(before?.paused).toBe(true)
    await page.getByTestId('player').hover()
    await page.getByTestId('player-quality').click()
    await page.getByTestId('player-quality-180p').click()
    const after = await until(
      () => videoState(page),
      (state) => state?.videoHeight === 180 && state.readyState >= 2,
      15_000,
    )
    expect(after?.paused).toBe(true)
    expect(after?.currentTime).toBeCloseTo(before?.currentTime ?? 0, 0)
  })

  it('goes to a moment that was asked for during an outage', async () => {
    await using viewer = await visit(browser)
    const { page } = viewer
    await page.goto(`${server.address}/watch/replay`)
    await playsPast(page, 0.5)
    await server.stop()
    await page.keyboard.press('8')
    await notice(page).waitFor({ timeout: 20_000 })
    await server.start()
    await playsPast(page, MEDIA_SECONDS * 0.8, 30_000)
    await notice(page).waitFor({ state: 'detached' })
  })

  it('starts where it was to start when the video cannot be had at first', async () => {
    await using viewer = await visit(browser)
    const { page } = viewer
    await page.route('**/media/**', (route) => route.fulfill({ status: 503 }))
    await page.goto(`${server.address}/watch/replay?t=1m40s`)
    await notice(page).getByText('It goes on by itself').waitFor()
    await page.unroute('**/media/**')
    const state = await playsPast(page, 100, 30_000)
    expect(state?.currentTime).toBeLessThan(115)
  })

  it('resumes where the viewer left off', async () => {
    await using viewer = await visit(browser)
    const { page } = viewer
    await page.goto(`${server.address}/watch/replay?t=60`)
    await playsPast(page, 61)
    await page.goto(server.address)
    await page.goto(`${server.address}/watch/replay`)
    const state = await playsPast(page, 60)
    expect(state?.currentTime).toBeLessThan(75)
  })

  it('starts by itself when what was being made can be played', async () => {
    await using viewer = await visit(browser)
    const { page } = viewer
    await page.goto(`${server.address}/watch/waiting`)
    await page.getByTestId('waiting').waitFor()
    server.change('waiting', {
      playable: true,
      playback: {
        hls: '/media/fake/waiting/master.m3u8',
        poster: null,
        waveform: null,
        posterCard: null,
        preview: null,
        storyboard: null,
      },
    })
    await playsPast(page, 0.5)
  })

  it('stops, and says so, when the video is deleted', async () => {
    await using viewer = await visit(browser)
    const { page } = viewer
    await page.goto(`${server.address}/watch/older-3`)
    await playsPast(page, 0.5)
    await page.evaluate(() => fetch('/api/v1/videos/older-3', { method: 'DELETE' }))
    await page.route('**/media/**', (route) => route.fulfill({ status: 404 }))
    await page.keyboard.press('9')
    await notice(page).getByText('This video is gone').waitFor({ timeout: 30_000 })
  })
})
