/** As a viewer and as a creator, in a real browser, on a desktop and on a phone. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Video, VideoList } from '../../src/delivery/contract/videos.ts'
import { DESKTOP, openBrowser, PHONE, signIn, videoState, visit } from '../support/browser.ts'
import { ffmpeg, makeBroadcastSource, publish } from '../support/ffmpeg.ts'
import { type Program, startProgram, until } from '../support/program.ts'

const SECONDS = 24

let folder: string
let program: Program
let browser: Browser

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-browser-'))
  ;[program, browser] = await Promise.all([startProgram(), openBrowser()])
})

afterAll(async () => {
  await browser?.close()
  await program?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function chooseQuality(page: Page, name: string): Promise<void> {
  await page.getByTestId('player').hover()
  await page.getByTestId('player-quality').click()
  await page.getByTestId(`player-quality-${name}`).click()
}

describe('a viewer', () => {
  it('joins a broadcast, takes a lower quality, rewinds to its first second, and is still on the same page when it has become the replay', async () => {
    const source = path.join(folder, 'live.flv')
    await makeBroadcastSource(source, { seconds: SECONDS })
    const publisher = publish(source, program.publishUrl)
    await until(
      () => program.api<VideoList>('/videos?state=live'),
      ({ items }) => items[0]?.playable === true,
      20_000,
    )
    await using viewer = await visit(browser, DESKTOP)
    const { page, complaints } = viewer

    await page.goto(program.site)
    await page.getByTestId('video-card').first().click()
    await page.getByTestId('player').waitFor()
    await page.evaluate(() => Object.assign(window, { sameDocument: true }))
    const playing = await until(
      () => videoState(page),
      (state) => (state?.currentTime ?? 0) > 0 && state?.readyState === 4,
      20_000,
    )
    expect(playing?.error).toBeUndefined()
    await page.getByTestId('player-live').waitFor()
    expect(playing?.videoHeight, 'begins with the original').toBe(720)

    await chooseQuality(page, '360p')
    const changed = await until(
      () => videoState(page),
      (state) => state?.videoHeight === 360 && state.readyState >= 3,
      60_000,
    )
    await until(
      () => videoState(page),
      (state) => (state?.currentTime ?? 0) > (changed?.currentTime ?? 0) + 1,
      60_000,
    )

    await page.getByTestId('player').hover()
    await page.keyboard.press('0')
    await until(
      () => videoState(page),
      (state) => state !== undefined && state.currentTime < 3,
      10_000,
    )
    const atStart = await videoState(page)
    await until(
      () => videoState(page),
      (state) => (state?.currentTime ?? 0) > (atStart?.currentTime ?? 0) + 0.5,
      10_000,
    )

    expect(await publisher.done, publisher.stderr()).toBe(0)
    await until(
      () => videoState(page),
      (state) => Math.abs((state?.duration ?? 0) - SECONDS) < 0.3,
      15_000,
    )
    const after = await videoState(page)
    expect(after?.error).toBeUndefined()
    expect(after?.videoHeight).toBe(360)
    expect(await page.evaluate(() => 'sameDocument' in window), 'the page was not loaded anew').toBe(true)
    const before = after?.currentTime ?? 0
    await until(
      () => videoState(page),
      (state) => (state?.currentTime ?? 0) > before + 0.3,
      10_000,
    )
    expect(complaints).toEqual([])
  })

  it('chooses another quality, and gets it', async () => {
    const { items } = await program.api<VideoList>('/videos')
    const video = items.find(({ origin }) => origin === 'broadcast') as Video
    await until(
      () => program.api<Video>(`/videos/${video.id}`),
      ({ state }) => state === 'ready',
      120_000,
    )
    await using viewer = await visit(browser, DESKTOP)
    const { page, complaints } = viewer
    await page.goto(`${program.site}/watch/${video.id}`)
    await until(
      () => videoState(page),
      (state) => (state?.currentTime ?? 0) > 0,
      20_000,
    )
    for (const [name, height] of [
      ['240p', 240],
      ['original', 720],
    ] as const) {
      await chooseQuality(page, name)
      await until(
        () => videoState(page),
        (state) => state?.videoHeight === height,
        20_000,
      )
    }
    expect(complaints).toEqual([])
  })

  it('watches on a phone, where nothing is wider than the screen', async () => {
    await using viewer = await visit(browser, PHONE)
    const { page, complaints } = viewer
    const { items } = await program.api<VideoList>('/videos')
    for (const address of ['/', `/watch/${items[0]?.id}`, '/sign-in']) {
      await page.goto(`${program.site}${address}`)
      await page.locator('h1, [data-testid=player]').first().waitFor()
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(overflow, address).toBeLessThanOrEqual(0)
    }
    expect(complaints).toEqual([])
  })

  it('is told in words when there is no such video', async () => {
    await using viewer = await visit(browser, DESKTOP)
    await viewer.page.goto(`${program.site}/watch/nothing12345`)
    await viewer.page.getByTestId('empty').waitFor()
  })
})

describe('a creator', () => {
  it.each([
    ['H.264 and AAC, copied', 'mp4', ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '50', '-c:a', 'aac']],
    [
      'VP9 and Opus, encoded',
      'webm',
      ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-c:a', 'libopus'],
    ],
  ])('uploads through the page, and it plays: %s', async (_what, extension, encoder) => {
    const file = path.join(folder, `holiday.${extension}`)
    await ffmpeg(
      ...[
        '-f',
        'lavfi',
        '-i',
        'testsrc2=size=640x360:rate=25:duration=6',
        '-f',
        'lavfi',
        '-i',
        'sine=duration=6',
      ],
      ...['-pix_fmt', 'yuv420p', ...encoder, '-shortest', file],
    )
    await using creator = await visit(browser, DESKTOP)
    const { page, complaints } = creator
    await signIn(page, program.site, program.firstRun)
    await page.goto(`${program.site}/studio/uploads`)
    await page.getByTestId('upload-input').setInputFiles(file)
    await page.getByTestId('upload-watch').click()
    await until(
      () => videoState(page),
      (state) => (state?.currentTime ?? 0) > 0.5,
      60_000,
    )
    expect((await videoState(page))?.duration).toBeCloseTo(6, 0)
    expect(complaints).toEqual([])
  })

  it('is told why a file that is no video was refused', async () => {
    const file = path.join(folder, 'letter.mp4')
    await import('node:fs/promises').then(({ writeFile }) =>
      writeFile(file, 'Dear Sir or Madam, '.repeat(1000)),
    )
    await using creator = await visit(browser, DESKTOP)
    const { page } = creator
    await signIn(page, program.site, program.firstRun)
    await page.goto(`${program.site}/studio/uploads`)
    await page.getByTestId('upload-input').setInputFiles(file)
    const reason = page.getByTestId('upload-reason')
    await reason.waitFor()
    expect((await reason.textContent())?.length).toBeGreaterThan(20)
    const { items } = await program.api<VideoList>('/videos?scope=mine')
    expect(items.map(({ title }) => title)).not.toContain('letter')
  })
})
