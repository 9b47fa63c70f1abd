/** The addresses that people bring from other servers, typed as their own documentation types them, into the whole program. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { BroadcastList } from '../../src/delivery/contract/broadcasts.ts'
import type { VideoList } from '../../src/delivery/contract/videos.ts'
import { makeBroadcastSource, type Publisher, publish, runFfmpeg } from '../support/ffmpeg.ts'
import { type Program, startProgram, until } from '../support/program.ts'
import { requireProgram, runPlayer } from '../support/required-program.ts'
import { readShown, SHOW_PICTURES, SHOW_SOUND } from '../support/shown-frames.ts'

const SECONDS = 40
const SOON_MS = 30_000

let folder: string
let source: string
let program: Program

beforeAll(async () => {
  requireProgram('ffplay')
  requireProgram('ffprobe')
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-addresses-'))
  source = path.join(folder, 'source.flv')
  ;[program] = await Promise.all([
    startProgram(),
    makeBroadcastSource(source, { seconds: SECONDS, size: '320x180' }),
  ])
})
afterAll(async () => {
  await program?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function stopped(encoder: Publisher): Promise<void> {
  encoder.child.kill('SIGTERM')
  await encoder.done
  await until(
    () => program.api<VideoList>('/videos?state=live'),
    ({ items }) => items.length === 0,
    SOON_MS,
  )
}

it('livego’s three ways to watch, with ffprobe and ffplay', async () => {
  const encoder = publish(source, program.publishUrl)
  const { items } = await until(
    () => program.api<VideoList>('/videos?state=live'),
    (list) => list.items[0]?.playable === true,
    SOON_MS,
  )
  const name = items[0]?.channel.handle
  for (const url of [
    `rtmp://127.0.0.1:${program.rtmpPort}/live/${name}`,
    `http://127.0.0.1:${program.port}/live/${name}.flv`,
    `http://127.0.0.1:${program.port}/live/${name}.m3u8`,
  ]) {
    const args = ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', url]
    const { stdout } = await promisify(execFile)('ffprobe', args)
    // HLS: those of every quality.
    expect(new Set(stdout.match(/\w+/g)), url).toEqual(new Set(['h264', 'aac']))
    const filters = ['-vf', SHOW_PICTURES, '-af', SHOW_SOUND]
    const player = runPlayer('ffplay', folder, '-hide_banner', ...filters, url)
    await until(
      async () => readShown(player.output()),
      ({ pictures, sounds }) => pictures.length > 60 && sounds > 60,
      SOON_MS,
    )
    player.child.kill('SIGTERM')
    await player.done
  }
  await stopped(encoder)
})

it.each([
  ['an application of nginx-rtmp', (key: string) => [`/myapp/${key}`]],
  ['a slash too many', (key: string) => [`/live/`, '-rtmp_app', 'live/', '-rtmp_playpath', `/${key}`]],
  ['the key at the end of the one field there is', (key: string) => ['', '-rtmp_app', `live/${key}`]],
  ['the key in the query', (key: string) => ['', '-rtmp_app', `live?key=${key}`]],
  ['no application', (key: string) => ['', '-rtmp_app', key]],
  ['arguments behind the key', (key: string) => [`/live/${key}?bandwidthtest=false`]],
])('an encoder with %s is on air', async (_what, addressOf) => {
  const before = (await program.api<BroadcastList>('/broadcasts')).items.length
  const [end = '', ...options] = addressOf(program.firstRun.streamKey)
  const url = `rtmp://127.0.0.1:${program.rtmpPort}${end}`
  const encoder = runFfmpeg('-re', '-i', source, '-c', 'copy', '-f', 'flv', ...options, url)
  const { items } = await until(
    () => program.api<BroadcastList>('/broadcasts'),
    (list) => list.items.length > before && list.items[0]?.state === 'live',
    SOON_MS,
  )
  expect(items[0]?.channel.handle).toBe('admin')
  await stopped(encoder)
})
