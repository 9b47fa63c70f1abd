import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { MediaMessage } from '../../../src/ingest/media-message.ts'
import { mediaKeys } from '../../../src/media/layout.ts'
import { packageBroadcast } from '../../../src/packaging/package-broadcast.ts'
import type { Timeline } from '../../../src/packaging/timeline.ts'
import { wholeRecording } from '../../../src/recording/whole-recording.ts'
import { countPackets, ffmpeg, streamHash } from '../../support/ffmpeg.ts'
import {
  broadcastId,
  filesOf,
  makeRecorder,
  makeStore,
  messagesOf,
  record,
  timelineOf,
  video,
  writePlaylist,
} from '../../support/packaged-video.ts'

const TONE = ['-f', 'lavfi', '-i', 'sine=440:r=48000']
const picture = (size: string, rate: number) => ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=${rate}`]
const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p']

let sources: string
let folder: string
beforeAll(async () => {
  sources = await mkdtemp(path.join(tmpdir(), 'sources-'))
  await Promise.all([
    // B-frames, the length and size of the issue's own measure.
    ffmpeg(
      ...picture('1280x720', 30),
      ...TONE,
      '-t',
      '20',
      ...X264,
      '-bf',
      '2',
      '-g',
      '60',
      '-c:a',
      'aac',
      source('main'),
    ),
    ffmpeg(
      ...picture('320x180', 25),
      ...TONE,
      '-t',
      '6',
      ...X264,
      '-bf',
      '2',
      '-g',
      '25',
      '-c:a',
      'aac',
      source('small'),
    ),
    ffmpeg(
      ...picture('426x240', 25),
      ...TONE,
      '-t',
      '4',
      ...X264,
      '-g',
      '50',
      '-c:a',
      'aac',
      source('other'),
    ),
  ])
  return () => rm(sources, { recursive: true })
})
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'packaging-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

const source = (name: string) => path.join(sources, `${name}.flv`)
const seconds = (timeline: Timeline) => timeline.segments.reduce((sum, segment) => sum + segment.duration, 0)

async function packaged(...sessions: readonly (readonly MediaMessage[])[]) {
  const recorder = makeRecorder(folder)
  const store = makeStore(folder)
  const running = packageBroadcast({ log: recorder.log(broadcastId), video, store })
  await record(recorder, ...sessions)
  recorder.endBroadcast(broadcastId)
  return { result: await running, store, timeline: await timelineOf(store), recorder }
}

function expectContiguous(timeline: Timeline): void {
  for (const [index, segment] of timeline.segments.entries()) {
    const next = timeline.segments[index + 1]
    if (next) expect(segment.start + segment.duration).toBe(next.start)
  }
}

describe('a broadcast packaged', () => {
  it('has every packet of the source, unchanged, in the recording and in HLS', async () => {
    const { result, store, timeline, recorder } = await packaged(await messagesOf(source('main')))
    const original = await writePlaylist(store, 'original')
    const audio = await writePlaylist(store, 'audio')
    const recording = path.join(folder, 'recordings/b/0.flv')
    for (const file of [recording, original])
      expect(await streamHash(file, 'v')).toBe(await streamHash(source('main'), 'v'))
    for (const file of [recording, audio])
      expect(await streamHash(file, 'a')).toBe(await streamHash(source('main'), 'a'))
    expect(await countPackets(original)).toBe(600)
    expect(timeline).toMatchObject({ kind: 'measured', ended: true })
    expect(timeline.segments.map((segment) => segment.frames)).toEqual(Array(10).fill(60))
    expect(Math.abs(seconds(timeline) - 20)).toBeLessThan(0.05)
    expect(Math.abs(result.durationSeconds - 20)).toBeLessThan(0.05)
    expectContiguous(timeline)
    expect(timeline.inits).toEqual([
      {
        kind: 'init',
        init: 0,
        video: { codec: expect.stringMatching(/^avc1\./), width: 1280, height: 720, frameRate: 30 },
        audio: { codec: 'mp4a.40.2', channels: 1, sampleRate: 48_000 },
      },
    ])
    const whole = path.join(folder, 'whole.flv')
    await writeFile(whole, wholeRecording(recorder.finishedLog(broadcastId)))
    expect(await streamHash(whole, 'v')).toBe(await streamHash(source('main'), 'v'))
  })

  it('shows every picture when the source says, audio keeping its offset', async () => {
    const { store } = await packaged(await messagesOf(source('main')))
    const shown = async (file: string, kind: string) =>
      (await probe(file, kind))
        .split('\n')
        .filter(Boolean)
        .map((line) => Number(line.split(',')[0]))
    const original = await shown(await writePlaylist(store, 'original'), 'v')
    const audio = await shown(await writePlaylist(store, 'audio'), 'a')
    const pictures = await shown(source('main'), 'v')
    const sound = await shown(source('main'), 'a')
    const shift = (original[0] ?? 0) - (pictures[0] ?? 0)
    for (const [index, at] of pictures.entries())
      expect(Math.abs((original[index] ?? 0) - at - shift)).toBeLessThan(0.0015)
    for (const [index, at] of sound.entries())
      expect(Math.abs((audio[index] ?? 0) - at - shift)).toBeLessThan(0.002)
  })

  it('can be stopped after any segment and comes out the same to the byte', async () => {
    const sessions = [
      await messagesOf(source('small')),
      await messagesOf(source('other')),
      await messagesOf(source('small')),
    ]
    const recorder = makeRecorder(folder)
    await record(recorder, ...sessions)
    const log = recorder.finishedLog(broadcastId)
    const whole = makeStore(path.join(folder, 'whole'))
    const { segments } = await packageBroadcast({ log, video, store: whole })
    const expected = await filesOf(whole)
    expect(segments).toBeGreaterThan(6)
    for (let stopAt = 0; stopAt < segments; stopAt++) {
      const store = makeStore(path.join(folder, `stopped-${stopAt}`))
      const stopping = new AbortController()
      const { complete } = await packageBroadcast({
        log,
        video,
        store,
        signal: stopping.signal,
        onSegment: (segment) => segment.number === stopAt && stopping.abort(),
      })
      // What a crash leaves: the timeline cut back to that segment, and half a line.
      await cutTimeline(store, stopAt)
      const resumed = await packageBroadcast({ log, video, store })
      expect(resumed).toMatchObject({ segments, complete: true })
      expect([...(await filesOf(store))]).toEqual([...expected])
      expect(typeof complete).toBe('boolean')
    }
  })

  it('goes on after an interruption where it stood, with a discontinuity', async () => {
    const small = await messagesOf(source('small'))
    const { timeline, store } = await packaged(small, small)
    expectContiguous(timeline)
    expect(timeline.inits).toHaveLength(1)
    expect(timeline.segments.map((segment) => segment.discontinuity)).toEqual([
      false,
      false,
      false,
      true,
      false,
      false,
    ])
    expect(Math.abs(seconds(timeline) - 12)).toBeLessThan(0.1)
    expect(await countPackets(await writePlaylist(store, 'original'))).toBe(300)
  })

  it('has a new init where the configuration changes within a session', async () => {
    const later = (await messagesOf(source('other'))).map((message) => ({
      ...message,
      timestampMs: message.timestampMs + 6000,
    }))
    const { timeline } = await packaged([...(await messagesOf(source('small'))), ...later])
    expectContiguous(timeline)
    expect(timeline.inits.map((init) => init.video?.width)).toEqual([320, 426])
    const change = timeline.segments.find((segment) => segment.init === 1)
    expect(change).toMatchObject({ discontinuity: true })
    expect(timeline.segments.reduce((sum, segment) => sum + segment.frames, 0)).toBe(250)
  })

  it('of sound alone is cut every two seconds', async () => {
    const messages = (await messagesOf(source('small'))).filter((message) => message.type !== 9)
    const { timeline, store } = await packaged(messages)
    expectContiguous(timeline)
    expect(timeline.inits[0]?.video).toBeUndefined()
    expect(timeline.segments.slice(0, 3).map((segment) => Math.round(segment.duration * 10) / 10)).toEqual([
      2, 2, 2,
    ])
    expect(timeline.segments.every((segment) => segment.videoBytes === 0 && segment.audioBytes > 0)).toBe(
      true,
    )
    expect(await streamHash(await writePlaylist(store, 'audio'), 'a')).toBe(
      await streamHash(source('small'), 'a'),
    )
  })

  it('of pictures alone has no audio', async () => {
    const messages = (await messagesOf(source('small'))).filter((message) => message.type !== 8)
    const { timeline, store } = await packaged(messages)
    expect(timeline.inits[0]?.audio).toBeUndefined()
    expect(await streamHash(await writePlaylist(store, 'original'), 'v')).toBe(
      await streamHash(source('small'), 'v'),
    )
  })

  it('puts silence where sound stops, so that pictures go on', async () => {
    const messages = (await messagesOf(source('small'))).filter(
      (message) => message.type !== 8 || message.timestampMs < 3000,
    )
    const { timeline, store } = await packaged(messages)
    expect(timeline.segments.every((segment) => segment.audioBytes > 0)).toBe(true)
    const audio = await writePlaylist(store, 'audio')
    const end = (await probe(audio, 'a')).trim().split('\n').at(-1)?.split(',')[0]
    expect(Number(end)).toBeGreaterThan(5.7)
    // The made-up frames can be decoded.
    await ffmpeg('-xerror', '-i', audio, '-f', 'null', '-')
  })

  it('with open groups of pictures keeps all of them, in segments that touch', async () => {
    const open = source('open')
    const options = ['-x264-params', 'open-gop=1:bframes=3:keyint=50:min-keyint=50:scenecut=0']
    await ffmpeg(
      ...picture('320x180', 25),
      ...TONE,
      '-t',
      '8',
      '-c:v',
      'libx264',
      ...options,
      '-c:a',
      'aac',
      open,
    )
    const { timeline, store } = await packaged(await messagesOf(open))
    expectContiguous(timeline)
    expect(timeline.segments.length).toBeGreaterThan(2)
    expect(await streamHash(await writePlaylist(store, 'original'), 'v')).toBe(await streamHash(open, 'v'))
  })

  it('carries sound that cannot be passed beside the pictures, for the encoder', async () => {
    const mp3 = source('mp3')
    await ffmpeg('-i', source('small'), '-c:v', 'copy', '-c:a', 'libmp3lame', '-ar', '44100', mp3)
    const { result, timeline } = await packaged(await messagesOf(mp3))
    expect(result.leftOut).toEqual([])
    expect(timeline.inits[0]?.carriedAudio).toMatchObject({ codec: 'mp3', channels: 1 })
    expect(timeline.inits[0]).toMatchObject({ video: { width: 320 } })
    expect(timeline.inits[0]?.audio).toBeUndefined()
  })

  it('of pictures that nothing can be made of has no timeline, and says why', async () => {
    // As JPEG, which FLV has a number for and no encoder.
    const messages = (await messagesOf(source('small'))).map((message) =>
      message.type === 9 ? { ...message, parts: [Buffer.from([0x11, 0xff, 0xd8])], byteLength: 3 } : message,
    )
    const { result, store } = await packaged(messages)
    expect(result).toMatchObject({ segments: 0, leftOut: [{ track: 'video', codec: 'jpeg' }] })
    expect(await store.read(mediaKeys.timeline(video))).toBeUndefined()
  })

  it('carries pictures of old beside its timeline, cut at their keyframes', async () => {
    const old = source('sorenson')
    await ffmpeg(...picture('320x180', 25), '-t', '5', '-c:v', 'flv1', '-g', '25', old)
    const { result, store, timeline } = await packaged(await messagesOf(old))
    expect(result.leftOut).toEqual([])
    expect(timeline.inits).toMatchObject([
      { carriedVideo: { codec: 'sorenson', codecId: 2, width: 320, height: 180, frameRate: 25 } },
    ])
    expect(timeline.segments.map(({ frames, duration }) => [frames, duration])).toEqual([
      [50, 2],
      [50, 2],
      [25, 1],
    ])
    for (const number of [0, 1, 2])
      expect(await store.stat(mediaKeys.carried(video, 'video', number))).toBeDefined()
    expect(await store.stat(mediaKeys.segment(video, 'original', 0))).toBeUndefined()
  })
})

async function probe(file: string, kind: string): Promise<string> {
  const { execFile } = await import('node:child_process')
  const { promisify } = await import('node:util')
  const args = [
    '-v',
    'error',
    '-select_streams',
    kind,
    '-show_entries',
    'packet=pts_time',
    '-of',
    'csv=p=0',
    file,
  ]
  const { stdout } = await promisify(execFile)('ffprobe', args, { maxBuffer: 1 << 26 })
  return stdout
}

async function cutTimeline(store: ReturnType<typeof makeStore>, lastSegment: number): Promise<void> {
  const key = mediaKeys.timeline(video)
  const lines = (await store.read(key))?.toString('utf8').split('\n') ?? []
  const kept = lines.findIndex((line) => line.includes(`"segment","number":${lastSegment},`)) + 1
  const bytes = Buffer.byteLength(`${lines.slice(0, kept).join('\n')}\n`)
  await store.truncate(key, bytes)
  await store.append(key, Buffer.from('{"kind":"segm'))
}
