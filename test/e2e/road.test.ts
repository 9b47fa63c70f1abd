/** The main job on real input, checked as its users would: push, watch, compare packets. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Broadcast, BroadcastList } from '../../src/delivery/contract/broadcasts.ts'
import type { Video, VideoList } from '../../src/delivery/contract/videos.ts'
import { countPackets, ffmpeg, makeBroadcastSource, publish, streamHash } from '../support/ffmpeg.ts'
import { command, type Program, startProgram, until } from '../support/program.ts'

const SECONDS = 20
const FRAMES = SECONDS * 30

let folder: string
let source: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-road-'))
  source = path.join(folder, 'source.flv')
  await makeBroadcastSource(source, { seconds: SECONDS })
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const liveVideo = async (program: Program): Promise<Video | undefined> =>
  (await program.api<VideoList>('/videos?state=live')).items[0]

async function playlistOf(
  program: Program,
  video: Video,
  rendition: string,
): Promise<{ url: string; text: string }> {
  const master = new URL(video.playback.hls ?? '', program.site)
  const url = new URL(`${rendition}/index.m3u8`, master).href
  const response = await fetch(url)
  return { url, text: await response.text() }
}

/** Without the signature, which is another every day. */
const mediaPath = (video: Video) => video.playback.hls?.replace(/\/media\/[^/]+/, '')

describe('a broadcast', () => {
  let program: Program
  let video: Video

  beforeAll(async () => {
    program = await startProgram()
    const publisher = publish(source, program.publishUrl)
    const live = await until(
      () => liveVideo(program),
      (found) => found?.playable === true,
    )
    video = live as Video
    const growing = await playlistOf(program, video, 'original')
    expect(growing.text).toContain('#EXT-X-PLAYLIST-TYPE:EVENT')
    expect(growing.text).not.toContain('#EXT-X-ENDLIST')
    expect(await publisher.done, publisher.stderr()).toBe(0)
    await until(
      () => playlistOf(program, video, 'original'),
      ({ text }) => text.includes('#EXT-X-ENDLIST'),
    )
  })

  afterAll(async () => {
    await program[Symbol.asyncDispose]()
  })

  it('is at the same address after its end, every packet as it was sent', async () => {
    const { url } = await playlistOf(program, video, 'original')
    expect(await streamHash(url, 'v')).toBe(await streamHash(source, 'v'))
    const { url: audio } = await playlistOf(program, video, 'audio')
    expect(await streamHash(audio, 'a')).toBe(await streamHash(source, 'a'))
  })

  it('is recorded packet for packet, and the whole recording is one FLV (pain 1)', async () => {
    const { items } = await program.api<BroadcastList>('/broadcasts')
    const broadcast = items[0] as Broadcast
    expect(broadcast.state).toBe('ended')
    const part = path.join(program.storageDir, 'recordings', broadcast.id, '0.flv')
    expect(await streamHash(part, 'v')).toBe(await streamHash(source, 'v'))
    expect(await streamHash(part, 'a')).toBe(await streamHash(source, 'a'))
  })

  it('is ready in every quality below the source, lowest first, no frame missing', async () => {
    const ready = await until(
      () => program.api<Video>(`/videos/${video.id}`),
      (found) => found.state === 'ready' || found.state === 'failed',
    )
    expect(ready).toMatchObject({ state: 'ready', failure: null, progress: 100 })
    expect(Math.abs((ready.durationSeconds ?? 0) - SECONDS)).toBeLessThan(0.2)
    const rungs = ready.renditions.filter((rendition) => rendition.kind === 'video')
    expect(rungs.map((rung) => rung.height).sort((a, b) => Number(a) - Number(b))).toEqual([240, 360, 480])
    const original = await playlistOf(program, ready, 'original')
    const segments = (text: string) => [...text.matchAll(/#EXTINF:([\d.]+)/g)].map((match) => match[1])
    for (const rung of rungs) {
      const { url, text } = await playlistOf(program, ready, rung.name)
      expect(segments(text), `${rung.name} has the original's boundaries`).toEqual(segments(original.text))
      expect(await countPackets(url), rung.name).toBe(FRAMES)
    }
    const master = await (await fetch(new URL(ready.playback.hls ?? '', program.site))).text()
    const variants = master.match(/#EXT-X-STREAM-INF:.*/g) ?? []
    const withPictures = variants.filter((line) => line.includes('RESOLUTION='))
    expect(withPictures).toHaveLength(rungs.length + 1)
    expect(variants, 'and one of sound alone').toHaveLength(rungs.length + 2)
    for (const line of withPictures)
      for (const attribute of ['BANDWIDTH', 'AVERAGE-BANDWIDTH', 'CODECS', 'FRAME-RATE', 'AUDIO'])
        expect(line).toMatch(new RegExp(`[:,]${attribute}=`))
  })

  it('is made again from its recording by one command, the same to the packet', async () => {
    const { stdout } = await command(program, 'rebuild', video.id)
    expect(stdout).toContain(video.id)
    const before = mediaPath(await program.api<Video>(`/videos/${video.id}`))
    const ready = await until(
      () => program.api<Video>(`/videos/${video.id}`),
      (found) => mediaPath(found) !== before || found.failure !== null,
    )
    expect(ready).toMatchObject({ state: 'ready', failure: null })
    const { url } = await playlistOf(program, ready, 'original')
    expect(await streamHash(url, 'v')).toBe(await streamHash(source, 'v'))
  })

  it('has a poster', async () => {
    const found = await program.api<Video>(`/videos/${video.id}`)
    const poster = await fetch(new URL(found.playback.poster ?? '', program.site))
    expect(poster.headers.get('content-type')).toBe('image/jpeg')
    expect((await poster.arrayBuffer()).byteLength).toBeGreaterThan(2000)
  })
})

describe('a publisher with a wrong key', () => {
  it('is told so by its own encoder', async () => {
    await using program = await startProgram()
    const publisher = publish(source, `rtmp://127.0.0.1:${program.rtmpPort}/live/rk_wrong`)
    expect(await publisher.done).not.toBe(0)
    expect(publisher.stderr()).toContain('Unknown stream key')
    expect(await program.api<VideoList>('/videos')).toMatchObject({ items: [] })
  })
})

describe('kill -9 in mid-broadcast', () => {
  it('loses nothing that was on disk, and after the next start the replay is there by itself (pain 5)', async () => {
    const storageDir = path.join(folder, 'killed')
    const env = { GRACE_SECONDS: '2' }
    const before = await startProgram({ storageDir, env })
    const publisher = publish(source, before.publishUrl)
    const video = (await until(
      () => liveVideo(before),
      (found) => (found?.durationSeconds ?? 0) >= 6,
    )) as Video
    await before.kill()
    publisher.child.kill('SIGKILL')
    await publisher.done

    await using after = await startProgram({ storageDir, env, ports: before })
    const replay = await until(
      () => after.api<Video>(`/videos/${video.id}`),
      (found) => found.state === 'ready' || found.state === 'failed',
    )
    expect(replay.state).toBe('ready')
    const { items } = await after.api<BroadcastList>('/broadcasts')
    const part = path.join(storageDir, 'recordings', (items[0] as Broadcast).id, '0.flv')
    const recorded = await countPackets(part)
    expect(recorded).toBeGreaterThan(5 * 30)
    const { url, text } = await playlistOf(after, replay, 'original')
    expect(text).toContain('#EXT-X-ENDLIST')
    expect(await countPackets(url)).toBe(recorded)
    expect(await streamHash(url, 'v')).toBe(await streamHash(part, 'v'))
    const prefix = path.join(folder, 'prefix.flv')
    await ffmpeg('-i', source, '-c', 'copy', '-frames:v', String(recorded), prefix)
    expect(await streamHash(part, 'v')).toBe(await streamHash(prefix, 'v'))
  })
})
