/** The sounds of uploads: which can be chosen, what each is called, and that each is heard as it should be. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { VideoId } from '../../../src/kernel/ids.ts'
import { mediaKeys } from '../../../src/media/layout.ts'
import { parseTimeline } from '../../../src/packaging/timeline.ts'
import { type Loudness, parseLoudness } from '../../../src/pipeline/loudness.ts'
import { ffmpeg } from '../../support/ffmpeg.ts'
import { replayOf } from '../../support/foreign-broadcast.ts'
import { findBeep, h264, joinRendition, readPackets, readSamples } from '../../support/media.ts'
import { messagesOf } from '../../support/packaged-video.ts'
import {
  addUpload,
  openTestPipeline,
  type TestPipeline,
  until,
  untilSettled,
} from '../../support/pipeline.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

/** LUFS. */
const TARGET = -20

let db: TestDatabase
let pipeline: TestPipeline
let worker: AsyncDisposable
beforeAll(async () => {
  db = await createTestDatabase()
  pipeline = await openTestPipeline(db.url, { loudnessTarget: TARGET, beside: true })
  worker = await pipeline.work()
})
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]()
  await pipeline?.[Symbol.asyncDispose]()
  await db?.[Symbol.asyncDispose]()
})

const at = (name: string) => path.join(pipeline.storageDir, name)

async function upload(file: string) {
  const videoId = await addUpload(pipeline, file)
  return { videoId, video: await untilSettled(pipeline, videoId) }
}

async function fileOf(videoId: VideoId, rendition: string): Promise<string> {
  const file = at(`${videoId}-${rendition}.mp4`)
  await writeFile(file, await joinRendition(pipeline.store, videoId, rendition))
  return file
}

const samplesOf = async (videoId: VideoId, rendition: string) => readSamples(await fileOf(videoId, rendition))

/** Hertz, from how often it crosses zero in its second second. */
function toneOf(samples: Float32Array): number {
  const second = samples.subarray(48_000, 96_000)
  let crossings = 0
  for (let n = 1; n < second.length; n++)
    if ((second[n - 1] ?? 0) < 0 && (second[n] ?? 0) >= 0) crossings += 1
  return crossings
}

/** Of the left channel, decibels below full scale. */
async function peakOf(file: string): Promise<number> {
  const left = `${file}.wav`
  await ffmpeg('-i', file, '-af', 'pan=mono|c0=c0', '-c:a', 'pcm_f32le', left)
  const inside = (await readSamples(left)).subarray(24_000, 72_000)
  return 20 * Math.log10(inside.reduce((most, value) => Math.max(most, Math.abs(value)), 0))
}

const PICTURES = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=10:duration=3']
const tone = (hertz: number) => ['-f', 'lavfi', '-i', `sine=frequency=${hertz}:duration=3:sample_rate=48000`]
const VP9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8']

describe('several sounds', () => {
  it.each([
    ['copied', 'many.mp4', [...h264(10), '-c:a', 'aac'], 'measured'],
    ['encoded', 'many.mkv', [...VP9, '-c:a', 'libopus'], 'planned'],
  ])('of an upload that is %s can be chosen, each under its name', async (_, name, codecs, timelineKind) => {
    const file = at(name)
    await ffmpeg(
      ...[...PICTURES, ...tone(500), ...tone(700), ...tone(900)],
      ...['-map', '0', '-map', '1', '-map', '2', '-map', '3', ...codecs],
      ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=ger'],
      ...['-metadata:s:a:2', 'language=eng', '-metadata:s:a:2', 'title=Commentary'],
      ...['-disposition:a:0', '0', '-disposition:a:1', 'default', '-disposition:a:2', '0', file],
    )
    const { videoId, video } = await upload(file)
    expect(video).toMatchObject({ state: 'ready', timelineKind, failureCode: null })
    const sounds = video.renditions.filter(({ kind }) => kind === 'audio')
    const titled = name.endsWith('.mkv')
    expect(sounds.map(({ name: of, language, label, channels }) => [of, language, label, channels])).toEqual([
      ['audio', 'de', 'German', 1],
      ['audio-2', 'en', 'English', 1],
      // MP4 has no titles for tracks.
      ['audio-3', 'en', titled ? 'English (Commentary)' : 'English 2', 1],
    ])
    const heard = await Promise.all(['audio', 'audio-2', 'audio-3'].map((of) => samplesOf(videoId, of)))
    for (const [index, hertz] of [700, 500, 900].entries())
      expect(Math.abs(toneOf(heard[index] ?? new Float32Array()) - hertz)).toBeLessThan(5)
  })

  it('in Dolby and as AAC of the same language: AAC is heard by default, and passed through', async () => {
    const file = at('dolby.mkv')
    await ffmpeg(
      ...[...PICTURES, ...tone(500), ...tone(700), '-map', '0', '-map', '1', '-map', '2', ...h264(10)],
      ...['-c:a:0', 'ac3', '-ac:a:0', '2', '-c:a:1', 'aac', '-metadata:s:a', 'language=fre', file],
    )
    const { videoId, video } = await upload(file)
    expect(video).toMatchObject({ state: 'ready', timelineKind: 'measured' })
    const rows = video.renditions.map(({ name, label, settings }) => [name, label, settings === null])
    expect(rows).toEqual([
      ['original', null, true],
      ['audio', 'French', true],
      ['audio-2', 'French 2', false],
    ])
    expect(Math.abs(toneOf(await samplesOf(videoId, 'audio')) - 700)).toBeLessThan(5)
    expect(Math.abs(toneOf(await samplesOf(videoId, 'audio-2')) - 500)).toBeLessThan(5)
  })
})

describe('sound alone', () => {
  it.each([
    ['MP3', 'a.mp3', ['-c:a', 'libmp3lame', '-ac', '2']],
    ['Opus', 'a.opus', ['-c:a', 'libopus']],
  ])('is taken, lasts as long as it does, and has a waveform: %s', async (_, name, codec) => {
    const file = at(name)
    const quiet = "volume='if(lt(t,2),0,1)':eval=frame"
    await ffmpeg(...['-f', 'lavfi', '-i', 'sine=frequency=600:duration=5', '-af', quiet, ...codec, file])
    const { videoId, video } = await upload(file)
    expect(video).toMatchObject({ state: 'ready', failureCode: null, width: null, timelineKind: 'planned' })
    expect(video.durationSeconds).toBeCloseTo(5, 0)
    expect(Math.abs((video.durationSeconds ?? 0) - 5)).toBeLessThan(0.1)
    expect(video.renditions[0]).toMatchObject({ name: 'audio', kind: 'audio', state: 'ready' })
    expect(await findBeep(await fileOf(videoId, 'audio'))).toBeCloseTo(2, 1)
    const measured = await until(pipeline, async () => {
      const row = await pipeline.database.video.findUniqueOrThrow({ where: { id: videoId } })
      return row.hasWaveform ? row : undefined
    })
    expect(measured.loudness).toMatchObject({ integrated: expect.any(Number), truePeak: expect.any(Number) })
    const waveform = JSON.parse((await pipeline.store.read(mediaKeys.waveform(videoId)))?.toString() ?? '')
    const points = Buffer.from(waveform.peaks, 'base64')
    expect(points.length / waveform.pointsPerSecond).toBeCloseTo(5, 0)
    // Silent for two seconds, and then not.
    const begins = points.findIndex((point) => point > 3) / waveform.pointsPerSecond
    expect(Math.abs(begins - 2)).toBeLessThan(0.11)
  })

  it('has its cover for a poster', async () => {
    const file = at('cover.mp3')
    await ffmpeg(
      ...['-f', 'lavfi', '-i', 'sine=duration=2', '-f', 'lavfi', '-i', 'testsrc2=size=300x300:duration=0.1'],
      ...['-map', '0', '-map', '1', '-frames:v', '1', '-c:a', 'libmp3lame', '-c:v', 'mjpeg'],
      ...['-disposition:v', 'attached_pic', file],
    )
    const { videoId } = await upload(file)
    const poster = async () => {
      const row = await pipeline.database.video.findUniqueOrThrow({ where: { id: videoId } })
      return row.hasPoster ? true : undefined
    }
    expect(await until(pipeline, poster)).toBe(true)
  })

  it('under one still picture plays to its end (pain 30)', async () => {
    const file = at('still.mp4')
    await ffmpeg(
      ...['-f', 'lavfi', '-i', 'color=teal:size=160x90:rate=1:duration=1'],
      ...['-f', 'lavfi', '-i', 'sine=frequency=600:duration=30'],
      ...[...h264(1), '-c:a', 'aac', file],
    )
    const { videoId, video } = await upload(file)
    expect(video).toMatchObject({ state: 'ready', failureCode: null })
    expect(Math.abs((video.durationSeconds ?? 0) - 30)).toBeLessThan(1.1)
    const text = await pipeline.store.read(mediaKeys.timeline(videoId))
    const { segments } = parseTimeline(text?.toString() ?? '')
    // A player can begin anywhere.
    expect(Math.max(...segments.map(({ duration }) => duration))).toBeLessThan(13)
    const rung = video.renditions.find(({ kind }) => kind === 'video')?.name ?? ''
    expect((await readPackets(await fileOf(videoId, rung))).length).toBeGreaterThanOrEqual(segments.length)
    const samples = await samplesOf(videoId, 'audio')
    expect(Math.abs(samples.length / 48_000 - 30)).toBeLessThan(1.1)
  })
})

describe('a sound of even loudness', () => {
  const loudnessOf = async (file: string): Promise<number> => {
    const { stderr } = await promisify(execFile)('ffmpeg', [
      ...['-hide_banner', '-nostats', '-i', file, '-map', '0:a:0', '-af', 'ebur128=framelog=verbose'],
      ...['-f', 'null', '-'],
    ])
    return parseLoudness([...stderr.split('\n'), 'Peak: 0.0 dBFS'])?.integrated ?? Number.NaN
  }

  it.each([
    ['a quiet upload that is copied', -4, h264(10), 'aac'],
    ['a loud upload that is encoded', 14, VP9, 'libopus'],
  ] as const)('is offered beside its own: %s', async (name, decibels, pictures, sound) => {
    const file = at(`${name.replaceAll(' ', '-')}.mkv`)
    // With its own peaks, so that there is something to limit.
    const voice = [
      '-f',
      'lavfi',
      '-i',
      'anoisesrc=color=pink:amplitude=0.2:duration=6:seed=7:sample_rate=48000',
    ]
    await ffmpeg(
      ...[...PICTURES, ...voice, '-af', `volume=${decibels}dB`, ...pictures, '-c:a', sound, '-ac', '2', file],
    )
    const { videoId } = await upload(file)
    const made = await until(pipeline, async () => {
      const renditions = await pipeline.catalogue.renditions(videoId)
      return renditions.find(({ name: of, state }) => of === 'audio-even' && state === 'ready')
    })
    expect(made).toMatchObject({ label: 'Even loudness', channels: 2, codecs: 'mp4a.40.2' })
    const { loudness } = await pipeline.database.video.findUniqueOrThrow({ where: { id: videoId } })
    const [own, even] = [
      await loudnessOf(await fileOf(videoId, 'audio')),
      await loudnessOf(await fileOf(videoId, 'audio-even')),
    ]
    expect(Math.abs((loudness as unknown as Loudness).integrated - own)).toBeLessThan(0.7)
    expect(Math.abs(own - TARGET)).toBeGreaterThan(3)
    expect(Math.abs(even - TARGET)).toBeLessThan(0.7)
    expect(await untilSettled(pipeline, videoId)).toMatchObject({ state: 'ready', progress: 100 })
  })

  it('of a broadcast is made of its replay', async () => {
    const file = at('broadcast.flv')
    await ffmpeg(...[...PICTURES, ...tone(600), ...h264(10), '-c:a', 'aac', file])
    const video = await replayOf(pipeline, await messagesOf(file))
    const videoId = video.id as VideoId
    await until(pipeline, async () => {
      const renditions = await pipeline.catalogue.renditions(videoId)
      return renditions.find(({ name, state }) => name === 'audio-even' && state === 'ready')
    })
    const row = await pipeline.database.video.findUniqueOrThrow({ where: { id: videoId } })
    expect(row).toMatchObject({ hasWaveform: true, loudness: { integrated: expect.any(Number) } })
    const [own, even] = [await fileOf(videoId, 'audio'), await fileOf(videoId, 'audio-even')]
    expect(Math.abs((await loudnessOf(even)) - TARGET)).toBeLessThan(0.7)
    expect(Math.abs((await loudnessOf(own)) - TARGET)).toBeGreaterThan(0.7)
    expect(Math.abs(toneOf(await readSamples(even)) - 600)).toBeLessThan(5)
  })
})

describe('sound of many channels', () => {
  it.each([
    // Only the centre speaks, at -6 dB: each side hears it 3 dB lower.
    ['a voice in the centre', '0|0|0.5*sin(880*PI*t)|0|0|0', -9],
    [
      'everything at its loudest',
      '0.9*sin(880*PI*t)|0.9*sin(880*PI*t)|0.9*sin(880*PI*t)|0|0.9*sin(880*PI*t)|0.9*sin(880*PI*t)',
      -1.5,
    ],
  ])('is mixed to stereo at its own level: %s', async (name, channels, decibels) => {
    const file = at(`${name.replaceAll(' ', '-')}.mkv`)
    await ffmpeg(
      ...[...PICTURES, '-f', 'lavfi', '-i', `aevalsrc=${channels}:c=5.1:s=48000:d=3`],
      ...[...h264(10), '-c:a', 'ac3', '-b:a', '448k', file],
    )
    const { videoId, video } = await upload(file)
    expect(video.renditions.find(({ kind }) => kind === 'audio')).toMatchObject({
      channels: 2,
      state: 'ready',
    })
    expect(Math.abs((await peakOf(await fileOf(videoId, 'audio'))) - decibels)).toBeLessThan(0.7)
  })
})
