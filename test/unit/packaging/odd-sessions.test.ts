/** What encoders do beside the usual: each case whole, and stopped and resumed after every segment. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encodeMetadata } from '../../../src/formats/flv/script-data.ts'
import { AUDIO, DATA, type MediaMessage, VIDEO } from '../../../src/ingest/media-message.ts'
import { packageBroadcast } from '../../../src/packaging/package-broadcast.ts'
import type { Timeline } from '../../../src/packaging/timeline.ts'
import {
  aacConfigMessage,
  avcConfigMessage,
  metadataMessage,
  OTHER_AVC_CONFIG,
  pictureMessage,
  session,
  soundMessage,
} from '../../support/flv-messages.ts'
import {
  broadcastId,
  filesOf,
  makeRecorder,
  makeStore,
  record,
  timelineOf,
  video,
} from '../../support/packaged-video.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'odd-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

/** Packages whole and resumed, expects both to be equal to the byte, and returns the timeline. */
async function packaged(...sessions: readonly (readonly MediaMessage[])[]): Promise<Timeline> {
  const recorder = makeRecorder(folder)
  await record(recorder, ...sessions)
  const log = recorder.finishedLog(broadcastId)
  const store = makeStore(folder)
  const { segments } = await packageBroadcast({ log, video, store })
  const whole = [...(await filesOf(store))]
  for (let stopAt = 0; stopAt < segments; stopAt++) {
    const resumed = makeStore(path.join(folder, `${stopAt}`))
    const stopping = new AbortController()
    const onSegment = ({ number }: { number: number }) => number === stopAt && stopping.abort()
    await packageBroadcast({ log, video, store: resumed, signal: stopping.signal, onSegment })
    await packageBroadcast({ log, video, store: resumed })
    expect([...(await filesOf(resumed))]).toEqual(whole)
  }
  const timeline = await timelineOf(store)
  for (const [index, segment] of timeline.segments.entries()) {
    const next = timeline.segments[index + 1]
    if (next) expect(segment.start + segment.duration).toBe(next.start)
  }
  return timeline
}

const frames = (timeline: Timeline) => timeline.segments.reduce((sum, segment) => sum + segment.frames, 0)
const shape = (timeline: Timeline) =>
  timeline.segments.map(({ init, frames: count, audioBytes, discontinuity }) => [
    init,
    count,
    audioBytes > 0,
    discontinuity,
  ])
const byTime = (messages: readonly MediaMessage[]) =>
  [...messages].sort((a, b) => a.timestampMs - b.timestampMs)
const delayed = (messages: readonly MediaMessage[], ms: number) =>
  messages.map((message) => ({ ...message, timestampMs: message.timestampMs + ms }))

const isFrame = ({ parts }: MediaMessage) => Buffer.concat(parts)[1] === 1
const isKey = (message: MediaMessage) => message.type === VIDEO && Buffer.concat(message.parts)[0] === 0x17

const SPS = Buffer.from('6764001eacd940a02ff9610000030001000003003c8f162d96', 'hex')
const PPS = Buffer.from('68ebecb22c', 'hex')

/** Parameter sets before the slice of a keyframe, as x264 puts them with repeat-headers. */
function withSets(message: MediaMessage): MediaMessage {
  const body = Buffer.concat(message.parts)
  const unit = (nal: Buffer) => Buffer.concat([Buffer.of(0, 0, 0, nal.length), nal])
  const whole = Buffer.concat([body.subarray(0, 5), unit(SPS), unit(PPS), body.subarray(5)])
  return { ...message, parts: [whole], byteLength: whole.length }
}

describe('packaging', () => {
  it('merges short groups of pictures and leaves long ones whole', async () => {
    expect(
      (await packaged(session({ seconds: 6, gop: 10 }))).segments.map((segment) => segment.frames),
    ).toEqual([50, 50, 50])
    await rm(folder, { recursive: true })
    expect(
      (await packaged(session({ seconds: 20, gop: 250 }))).segments.map((segment) => segment.frames),
    ).toEqual([250, 250])
  })

  it('begins with sound when pictures come later, and adds them', async () => {
    const pictures = session({ seconds: 4, audio: false }).filter((message) => message.type === VIDEO)
    const sound = session({ seconds: 9 }).filter((message) => message.type !== VIDEO)
    const timeline = await packaged(byTime([...sound, ...delayed(pictures, 5000)]))
    expect(timeline.inits.map((init) => [init.video !== undefined, init.audio !== undefined])).toEqual([
      [false, true],
      [true, true],
    ])
    expect(frames(timeline)).toBe(100)
    expect(timeline.segments.find((segment) => segment.frames > 0)?.start).toBe(5)
  })

  it('goes on with sound alone when pictures stop, and takes them up again', async () => {
    const sound = session({ seconds: 20 }).filter((message) => message.type !== VIDEO)
    const pictures = session({ seconds: 4, audio: false }).filter((message) => message.type === VIDEO)
    const again = delayed(pictures.slice(1), 16_000)
    const timeline = await packaged(byTime([...sound, ...pictures, ...again]))
    expect(frames(timeline)).toBe(200)
    expect(timeline.inits).toHaveLength(3)
    expect(timeline.segments.every((segment) => segment.audioBytes > 0)).toBe(true)
    expect(Math.abs(timeline.duration - 20)).toBeLessThan(0.1)
  })

  it('waits for sound that comes late, but not for ever', async () => {
    const messages = session({ seconds: 8 })
    const late = [...messages].sort(
      (a, b) => (a.type === VIDEO ? 0 : 600) + a.timestampMs - (b.type === VIDEO ? 0 : 600) - b.timestampMs,
    )
    const timeline = await packaged(late)
    expect(shape(timeline)).toEqual([0, 1, 2, 3].map(() => [0, 50, true, false]))
  })

  it('repairs a clock that jumps in mid-stream', async () => {
    const before = session({ seconds: 4 })
    const after = delayed(session({ seconds: 4 }).slice(3), 3_000_000)
    const timeline = await packaged([...before, ...after])
    expect(frames(timeline)).toBe(200)
    expect(Math.abs(timeline.duration - 8)).toBeLessThan(0.3)
  })

  it('goes through the wrap of the 32 bits', async () => {
    const wrapping = session({ seconds: 8, from: 2 ** 32 - 3000 }).map((message) => ({
      ...message,
      timestampMs: message.timestampMs >>> 0,
    }))
    const timeline = await packaged(wrapping)
    expect(frames(timeline)).toBe(200)
    expect(Math.abs(timeline.duration - 8)).toBeLessThan(0.05)
  })

  it('drops what cannot be decoded before the first keyframe, and nothing else', async () => {
    const [metadata, avc, aac, , ...rest] = session({ seconds: 6 })
    const timeline = await packaged([metadata, avc, aac, ...rest].filter((message) => message !== undefined))
    expect(frames(timeline)).toBe(100)
  })

  it('survives sessions without anything in them', async () => {
    const timeline = await packaged(
      [],
      session({ seconds: 2 }),
      [metadataMessage(), avcConfigMessage(), aacConfigMessage()],
      session({ seconds: 2 }),
    )
    expect(frames(timeline)).toBe(100)
    expect(timeline.segments.map((segment) => segment.discontinuity)).toEqual([false, true])
  })

  it('takes a new configuration in mid-session, sound and pictures each', async () => {
    const first = session({ seconds: 4 })
    const second = delayed(session({ seconds: 4 }).slice(3), 4000)
    const pictures = await packaged([...first, avcConfigMessage(4000, OTHER_AVC_CONFIG), ...second])
    expect(shape(pictures)).toEqual([
      [0, 50, true, false],
      [0, 50, true, false],
      [1, 50, true, true],
      [1, 50, true, false],
    ])
    await rm(folder, { recursive: true })
    const sound = await packaged([...first, aacConfigMessage(4000, Buffer.from('1190', 'hex')), ...second])
    expect(sound.inits.map((init) => init.audio?.channels)).toEqual([1, 2])
    expect(frames(sound)).toBe(200)
  })

  it('ends pictures that are without a keyframe for minutes, and goes on at the next one without a hole', async () => {
    const timeline = await packaged(session({ seconds: 330, gop: 8000, audio: false }))
    expect(shape(timeline)).toEqual([
      [0, 7501, false, false],
      [1, 0, false, true],
      [2, 250, false, true],
    ])
    expect(timeline.segments[2]?.start).toBe(320)
  })

  it('has silence from its beginning when sound is announced and comes late', async () => {
    const late = session({ seconds: 6 }).filter(
      (message) => message.type !== AUDIO || message.timestampMs === 0 || message.timestampMs > 3000,
    )
    const timeline = await packaged(late)
    expect(shape(timeline)).toEqual([0, 1, 2].map(() => [0, 50, true, false]))
  })

  it('finds the parameter sets within the pictures when they were not sent before', async () => {
    const media = session({ seconds: 6 }).filter((message) => message.type !== VIDEO || isFrame(message))
    const timeline = await packaged(media.map((message) => (isKey(message) ? withSets(message) : message)))
    expect(timeline.inits.map(({ video: config }) => [config?.width, config?.height])).toEqual([[640, 360]])
    expect(frames(timeline)).toBe(150)
  })

  it('takes sound whose configuration was not sent for what the metadata says', async () => {
    const media = session({ seconds: 6 }).filter((message) => message.type !== AUDIO || isFrame(message))
    const metadata = encodeMetadata({ framerate: 25, audiosamplerate: 48_000, stereo: false })
    const said: MediaMessage = { type: DATA, timestampMs: 0, parts: [metadata], byteLength: metadata.length }
    const timeline = await packaged([said, ...media.slice(1)])
    expect(timeline.inits.map(({ audio }) => audio)).toEqual([
      { codec: 'mp4a.40.2', channels: 1, sampleRate: 48_000 },
    ])
  })

  it('has a file of every track for every segment, whenever a track comes and goes', async () => {
    const sound = session({ seconds: 24 }).filter((message) => message.type !== VIDEO)
    const pictures = session({ seconds: 4, audio: false }).filter((message) => message.type === VIDEO)
    await packaged(byTime([...sound, ...delayed(pictures, 4000), ...delayed(pictures.slice(1), 20_000)]))
    const names = [...(await filesOf(makeStore(folder))).keys()]
    const numbers = (rendition: string) =>
      names
        .map((name) => new RegExp(`^${rendition}/(\\d+)\\.m4s$`).exec(name)?.[1])
        .filter((number) => number !== undefined)
        .map(Number)
        .sort((a, b) => a - b)
    expect(numbers('original')).toEqual(numbers('audio'))
    expect(names.filter((name) => /^original\/init/.test(name))).toHaveLength(
      names.filter((name) => /^audio\/init/.test(name)).length,
    )
  })

  it('of a single picture is a segment', async () => {
    const timeline = await packaged([avcConfigMessage(), pictureMessage(0, true)])
    expect(timeline.segments).toMatchObject([{ frames: 1, start: 0, duration: 0.033 }])
  })

  it('of a single sound is one too', async () => {
    const timeline = await packaged([aacConfigMessage(), soundMessage(0)])
    expect(timeline.segments).toMatchObject([{ frames: 0, start: 0 }])
  })
})
