/** "End broadcast" while a real encoder that connects again by itself goes on sending. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Broadcast, BroadcastList } from '../../src/delivery/contract/broadcasts.ts'
import type { Video, VideoList } from '../../src/delivery/contract/videos.ts'
import { makeBroadcastSource, publish } from '../support/ffmpeg.ts'
import { type Program, startProgram, until } from '../support/program.ts'

let folder: string
let source: string
let program: Program

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-end-'))
  source = path.join(folder, 'source.flv')
  await makeBroadcastSource(source, { seconds: 14, size: '320x180' })
  program = await startProgram()
})
afterAll(async () => {
  await program?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

it('completes the replay before it answers, ends live viewers, and makes no second broadcast', async () => {
  const encoder = publish(source, program.publishUrl)
  const playable = await until(
    () => program.api<VideoList>('/videos?state=live'),
    ({ items }) => items[0]?.playable === true,
  )
  const video = playable.items[0] as Video
  const { items } = await program.api<BroadcastList>('/broadcasts')
  const broadcast = items[0] as Broadcast
  const viewer = await fetch(`${program.site}/live/${broadcast.channel.handle}.flv`)
  const watched = viewer.arrayBuffer()

  const ended = await program.api<Broadcast>(`/broadcasts/${broadcast.id}/end`, { method: 'POST' })
  expect(ended).toMatchObject({
    state: 'ended',
    endingWords: 'The broadcast was ended in the studio.',
    encoderUnheard: true,
    sessions: [{ ending: 'ended' }],
  })
  const url = new URL('original/index.m3u8', new URL(video.playback.hls ?? '', program.site))
  expect(await (await fetch(url)).text()).toContain('#EXT-X-ENDLIST')
  expect((await watched).byteLength).toBeGreaterThan(10_000)

  // The encoder noticed nothing: it sends to the end of its file and says goodbye.
  expect(await encoder.done, encoder.stderr()).toBe(0)
  const { items: after } = await until(
    () => program.api<BroadcastList>('/broadcasts'),
    (list) => list.items[0]?.encoderUnheard === false,
  )
  expect(after.map(({ id }) => id)).toEqual([broadcast.id])

  const again = publish(source, program.publishUrl)
  await until(
    () => program.api<BroadcastList>('/broadcasts'),
    (list) => list.items.length === 2,
  )
  again.child.kill('SIGTERM')
  await again.done
})
