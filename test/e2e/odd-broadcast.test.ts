/** A broadcast with everything in it at which players stand still, from encoder to page. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import type { Broadcast, BroadcastList } from '../../src/delivery/contract/broadcasts.ts'
import type { Video, VideoList } from '../../src/delivery/contract/videos.ts'
import { openBrowser, visit } from '../support/browser.ts'
import {
  bent,
  byTrueTime,
  type DatedStream,
  isMedia,
  isVideo,
  later,
  makeStream,
} from '../support/odd/dated-stream.ts'
import { publishStream } from '../support/odd/publish-stream.ts'
import { startProgram, until } from '../support/program.ts'

const HOUR_MS = 3_600_000
const SECONDS = 4 + 4 + 5 + 4 + 4 + 4
const SPEED = 4

/** Sound alone; pictures; a pause; then another size on a clock that jumped. Each 4 s, the pause 5. */
function firstConnection(small: DatedStream, wide: DatedStream): DatedStream {
  const sound = small.filter((one) => !isVideo(one))
  const pictures = later(small, 4000).filter((one) => isVideo(one) || isMedia(one))
  const paused = later(
    small.filter((one) => isMedia(one)),
    13_000,
  )
  const jumped = bent(later(wide, 17_000), ({ trueMs }) => trueMs + HOUR_MS)
  return [...byTrueTime(sound, pictures), ...paused, ...jumped]
}

it('plays from start to end through sound alone, a pause, a jump, another size and a reconnect (pain 17)', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'odd-broadcast-'))
  const [small, wide] = [
    await makeStream(path.join(folder, 'small.flv'), { seconds: 4, size: '320x180' }),
    await makeStream(path.join(folder, 'wide.flv'), { seconds: 4, size: '426x240' }),
  ]
  await rm(folder, { recursive: true })
  await using program = await startProgram()
  const publish = (stream: DatedStream, leaving: 'goodbye' | 'dropped') =>
    publishStream(
      program.rtmpPort,
      stream.map(({ message }) => message),
      program.firstRun.streamKey,
      leaving,
    )
  await publish(firstConnection(small, wide), 'dropped')
  await publish(small, 'goodbye')
  await until(
    () => program.api<BroadcastList>('/broadcasts'),
    ({ items }) => (items[0] as Broadcast | undefined)?.state === 'ended',
    30_000,
  )
  const { items } = await program.api<VideoList>('/videos')
  expect(items, 'one video of both connections').toHaveLength(1)
  const [video] = items as [Video]

  const browser = await openBrowser()
  try {
    await using viewer = await visit(browser)
    await viewer.page.goto(`${program.site}/watch/${video.id}`)
    await viewer.page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) > 1)
    await viewer.page.evaluate(async (speed) => {
      const element = document.querySelector('video')
      if (!element) return
      element.muted = true
      element.playbackRate = speed
      await element.play()
    }, SPEED)
    await viewer.page.waitForFunction(() => document.querySelector('video')?.ended, undefined, {
      timeout: 120_000,
    })
    const seen = await viewer.page.evaluate(() => {
      const element = document.querySelector('video')
      const played = element?.played
      let seconds = 0
      for (let i = 0; played && i < played.length; i++) seconds += played.end(i) - played.start(i)
      return { seconds, duration: element?.duration ?? 0, error: element?.error?.message }
    })
    expect(seen.error).toBeUndefined()
    expect(Math.abs(seen.duration - SECONDS), `${seen.duration} s`).toBeLessThan(1)
    expect(seen.seconds, 'of it shown').toBeGreaterThan(SECONDS - 1)
    expect(viewer.complaints).toEqual([])
  } finally {
    await browser.close()
  }
}, 180_000)
