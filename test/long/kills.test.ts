/** kill -9 of the program at random instants, its encoder coming back each time: one broadcast, one replay, and nothing lost but the moment of each kill. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Broadcast, BroadcastList } from '../../src/delivery/contract/broadcasts.ts'
import type { Video, VideoList } from '../../src/delivery/contract/videos.ts'
import { countPackets, ffmpeg, makeBroadcastSource, publish } from '../support/ffmpeg.ts'
import { type Program, startProgram, until } from '../support/program.ts'

const KILLS = 20
const FRAME_RATE = 30
/** The stated recovery point, and what ffmpeg sends before it notices that nobody reads. */
const MAX_LOST_FRAMES = 0.2 * FRAME_RATE + 4

it('twenty kills in mid-broadcast leave one broadcast whose replay is whole', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'reprise-kills-'))
  const source = path.join(folder, 'source.flv')
  await makeBroadcastSource(source, { seconds: 20, size: '426x240', frameRate: FRAME_RATE })
  const storageDir = path.join(folder, 'storage')
  const env = { GRACE_SECONDS: '120' }
  let program = await startProgram({ storageDir, env })
  try {
    const sent: number[] = []
    for (let kill = 0; kill < KILLS; kill++) {
      const publisher = publish(source, program.publishUrl)
      // The instant is what the test is about.
      await delay(1000 + Math.random() * 8000)
      await program.kill()
      await publisher.done
      sent.push(framesSent(publisher.stderr()))
      program = await startProgram({ storageDir, env, ports: program })
    }
    const last = publish(source, program.publishUrl)
    expect(await last.done, last.stderr()).toBe(0)
    sent.push(framesSent(last.stderr()))

    const { items } = await program.api<BroadcastList>('/broadcasts')
    expect(items).toHaveLength(1)
    expect((await program.api<VideoList>('/videos')).items).toHaveLength(1)
    const broadcast = items[0] as Broadcast
    const recorded = await framesOfParts(path.join(storageDir, 'recordings', broadcast.id))
    expect(recorded).toHaveLength(sent.length)
    for (const [part, frames] of recorded.entries())
      expect((sent[part] ?? 0) - frames, `lost of part ${part}`).toBeLessThanOrEqual(MAX_LOST_FRAMES)
    expect(recorded.at(-1)).toBe(sent.at(-1))

    const replay = await ready(program, broadcast.videoId)
    const original = new URL('original/index.m3u8', new URL(replay.playback.hls ?? '', program.site)).href
    const text = await (await fetch(original)).text()
    expect(text.match(/#EXT-X-DISCONTINUITY$/gm)).toHaveLength(KILLS)
    expect(await countPackets(original)).toBe(recorded.reduce((sum, frames) => sum + frames, 0))
    // Fails at the first error of the decoder.
    await ffmpeg('-xerror', '-err_detect', 'explode', '-i', original, '-f', 'null', '-')
    expect(await readdir(path.join(storageDir, 'media', '.aside'))).toEqual([])
  } finally {
    await program.stop()
    await rm(folder, { recursive: true, force: true })
  }
}, 900_000)

const framesSent = (stderr: string) => Number([...stderr.matchAll(/frame=\s*(\d+)/g)].at(-1)?.[1])

async function framesOfParts(folder: string): Promise<number[]> {
  const parts = (await readdir(folder))
    .filter((name) => name.endsWith('.flv'))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
  const frames: number[] = []
  for (const part of parts) frames.push(await countPackets(path.join(folder, part)))
  return frames
}

async function ready(program: Program, id: string): Promise<Video> {
  const video = await until(
    () => program.api<Video>(`/videos/${id}`),
    ({ state }) => state === 'ready' || state === 'failed',
    300_000,
  )
  expect(video).toMatchObject({ state: 'ready', failure: null })
  return video
}
