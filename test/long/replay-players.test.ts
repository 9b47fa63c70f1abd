/**
 * A replay with all its qualities in players that are not ours: hls.js and Shaka Player in a real Chromium
 * on a page of another site, every quality chosen in turn; ffmpeg and GStreamer from beginning to end.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Video } from '../../src/delivery/contract/videos.ts'
import { openBrowser, visit } from '../support/browser.ts'
import { CLOCK_BITS, CLOCK_FRAME_RATE, makeClockSource, readClock } from '../support/clock-source.ts'
import { countPackets, ffmpeg } from '../support/ffmpeg.ts'
import { type ForeignSite, startForeignSite } from '../support/foreign-page.ts'
import { findFaults } from '../support/hls/find-faults.ts'
import { readPlaylist } from '../support/hls/playlist-text.ts'
import { type Program, startProgram, until } from '../support/program.ts'
import { requireProgram, runProgram } from '../support/required-program.ts'

const SECONDS = 16
const FRAMES = SECONDS * CLOCK_FRAME_RATE

let folder: string
let program: Program
let browser: Browser
let elsewhere: ForeignSite
let address: string

interface PlayerPage {
  faults: string[]
  qualities(): { id: number; height: number; codec: string }[]
  choose(id: number): void
}

beforeAll(async () => {
  requireProgram('gst-launch-1.0')
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-replays-'))
  const source = path.join(folder, 'clock.flv')
  ;[program, browser, elsewhere] = await Promise.all([
    startProgram({ env: { RENDITION_CODECS: 'h264,hevc,av1' } }),
    openBrowser(),
    startForeignSite(),
    makeClockSource(source, SECONDS, '854x480'),
  ])
  const form = new FormData()
  form.set('title', 'clock')
  form.set('visibility', 'public')
  form.set('file', new Blob([await readFile(source)]), 'clock.flv')
  const { id } = await program.api<Video>('/uploads', { method: 'POST', body: form })
  const video = await until(
    () => program.api<Video>(`/videos/${id}`),
    ({ state }) => state === 'ready' || state === 'failed',
    170_000,
  )
  expect(video.state).toBe('ready')
  expect(video.renditions.map(({ name, state }) => `${name} ${state}`)).toEqual(
    expect.arrayContaining([
      'original ready',
      '360p ready',
      '240p ready',
      '480p-hevc ready',
      '240p-hevc ready',
      '480p-av1 ready',
      '240p-av1 ready',
    ]),
  )
  address = `${program.site}${video.playback.hls}`
})

afterAll(async () => {
  await browser?.close()
  await elsewhere?.[Symbol.asyncDispose]()
  await program?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

function seekTo(seconds: number): void {
  const video = document.querySelector('video')
  if (video) video.currentTime = seconds
}

function look(page: Page) {
  return page.evaluate(() => {
    const video = document.querySelector('video') as HTMLVideoElement
    return {
      seconds: video.currentTime,
      height: video.videoHeight,
      ended: video.ended,
      ranges: video.buffered.length,
      faults: (window as unknown as PlayerPage).faults,
    }
  })
}

describe.each(['hls', 'shaka'] as const)('%s', (player) => {
  it('plays through, in every quality it offers, each picture in its place', async () => {
    await using viewer = await visit(browser)
    const { page } = viewer
    await page.goto(elsewhere.page(player, address))
    await until(
      () => look(page),
      ({ seconds }) => seconds > 1,
      60_000,
    )
    const qualities = await page.evaluate(() => (window as unknown as PlayerPage).qualities())
    const heights = new Set(qualities.map(({ height }) => height))
    expect([...heights].sort()).toEqual([240, 360, 480])
    for (const { id, height, codec } of qualities) {
      const { seconds } = await look(page)
      await page.evaluate((chosen) => (window as unknown as PlayerPage).choose(chosen), id)
      const shown = await until(
        () => look(page),
        (now) => (now.height === height && now.seconds > Math.min(seconds + 1.5, SECONDS - 2)) || now.ended,
        60_000,
      )
      expect(shown, `${height} in ${codec}`).toMatchObject({ height, ranges: 1, faults: [] })
      // A busy machine's decoder needs a moment to catch up with the sound; a picture out of place never does.
      const inPlace = await until(
        async () => {
          const before = (await look(page)).seconds
          const picture = ((await page.evaluate(readClock, CLOCK_BITS)) ?? 0) / CLOCK_FRAME_RATE
          return { before, picture, after: (await look(page)).seconds }
        },
        ({ before, picture, after }) => picture > before - 0.3 && picture < after + 0.3,
        20_000,
      )
      const at = inPlace.after
      // There are more of them than seconds: again from the beginning.
      if (at > SECONDS / 2) await page.evaluate(seekTo, 2)
    }
    const end = await until(
      () => look(page),
      ({ ended }) => ended,
      120_000,
    )
    expect(end.faults).toEqual([])
    expect(end.seconds).toBeGreaterThan(SECONDS - 0.5)
    expect(viewer.complaints).toEqual([])
  })
})

it('its playlists keep every rule', async () => {
  const multivariant = await (await fetch(address)).text()
  const media: Record<string, string> = {}
  const sizes: Record<string, readonly number[]> = {}
  for (const [, line, quoted] of multivariant.matchAll(/^([^#\n]+)$|URI="([^"]+)"/gm)) {
    const uri = line ?? quoted ?? ''
    const base = new URL(uri, address).href
    media[uri] ??= await (await fetch(base)).text()
    const heads = readPlaylist(media[uri]).segments.map(({ uri: file }) =>
      fetch(new URL(file, base), { method: 'HEAD' }),
    )
    sizes[uri] = (await Promise.all(heads)).map(({ headers }) => Number(headers.get('content-length')))
  }
  expect(findFaults({ multivariant, media, sizes, scrubbed: true })).toEqual([])
})

describe('ffmpeg', () => {
  it('reads every quality to its end, every picture of it', async () => {
    const text = await (await fetch(address)).text()
    const uris = [...text.matchAll(/^(?!#)(.+p|original|.+p-(?:hevc|av1))\/index\.m3u8$/gm)].map(
      ([uri]) => uri,
    )
    expect(uris.length).toBe(9)
    for (const uri of uris) expect(await countPackets(new URL(uri, address).href), uri).toBe(FRAMES)
  })

  it('shows each keyframe of the playlists for scrubbing, by itself', async () => {
    const text = await (await fetch(address)).text()
    const uris = [...text.matchAll(/I-FRAME-STREAM-INF:.*URI="([^"]+)"/g)].map(([, uri]) => uri ?? '')
    expect(uris.sort()).toEqual(['240p/iframes.m3u8', 'original/iframes.m3u8'])
    for (const uri of uris) {
      const base = new URL(uri, address).href
      const playlist = await (await fetch(base)).text()
      const init = await bytesOf(new URL(/MAP:URI="([^"]+)"/.exec(playlist)?.[1] ?? '', base).href)
      const frames = [...playlist.matchAll(/BYTERANGE:(\d+)@(\d+)\n(.+)/g)]
      expect(frames.length).toBeGreaterThan(SECONDS / 4)
      for (const [, bytes, offset, file = ''] of frames) {
        const range = `bytes=${offset}-${Number(offset) + Number(bytes) - 1}`
        const frame = await bytesOf(new URL(file, base).href, range)
        const picture = path.join(folder, 'keyframe.mp4')
        await writeFile(picture, Buffer.concat([init, frame]))
        const decoded = await ffmpeg('-i', picture, '-f', 'framehash', '-hash', 'md5', '-')
        expect(
          decoded.split('\n').filter((line) => /^0,/.test(line)),
          `${uri} ${file}`,
        ).toHaveLength(1)
      }
    }
  })
})

async function bytesOf(url: string, range?: string): Promise<Buffer> {
  const answer = await fetch(url, range === undefined ? {} : { headers: { range } })
  expect(answer.status).toBe(range === undefined ? 200 : 206)
  return Buffer.from(await answer.arrayBuffer())
}

describe('GStreamer', () => {
  it('plays to the end, pictures and sound', async () => {
    const sink = (name: string) => `fakesink name=${name} sync=false silent=false`
    const play = runProgram(
      'gst-launch-1.0',
      ...['-v', 'playbin', `uri=${address}`, `video-sink=${sink('pictures')}`, `audio-sink=${sink('sound')}`],
    )
    expect(await play.done, play.output().slice(-2000)).toBe(0)
    const buffers = (name: string) =>
      play
        .output()
        .split('\n')
        .filter((line) => line.includes(`GstFakeSink:${name}`) && line.includes('chain')).length
    expect(buffers('pictures')).toBeGreaterThan(FRAMES * 0.95)
    expect(buffers('sound')).toBeGreaterThan(SECONDS * 20)
  })
})
