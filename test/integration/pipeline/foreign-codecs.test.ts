/** Broadcasts in codecs that browsers do not play have sound and pictures all the same. */
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { VideoId } from '../../../src/kernel/ids.ts'
import { mediaKeys } from '../../../src/media/layout.ts'
import { parseTimeline } from '../../../src/packaging/timeline.ts'
import { captured, fileOf, replayOf } from '../../support/foreign-broadcast.ts'
import { faultsOfAll } from '../../support/hls/presentation-of.ts'
import {
  findBeep,
  findFlash,
  h264,
  makeFlash,
  makeVideo,
  readPackets,
  readSamples,
} from '../../support/media.ts'
import { messagesOf } from '../../support/packaged-video.ts'
import { openTestPipeline, type TestPipeline } from '../../support/pipeline.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

let db: TestDatabase
let pipeline: TestPipeline
let working: AsyncDisposable
beforeAll(async () => {
  db = await createTestDatabase()
  pipeline = await openTestPipeline(db.url)
  working = await pipeline.work()
})
afterAll(async () => {
  await working?.[Symbol.asyncDispose]()
  await pipeline?.[Symbol.asyncDispose]()
  await db?.[Symbol.asyncDispose]()
})

const source = (name: string) => path.join(pipeline.storageDir, `${name}.flv`)

async function timelineOf(videoId: VideoId) {
  const text = await pipeline.store.read(mediaKeys.timeline(videoId))
  return parseTimeline(text?.toString('utf8') ?? '')
}

describe('sound that browsers do not play', () => {
  it.each([
    ['mp3', ['-c:a', 'libmp3lame', '-ar', '44100']],
    ['mp3 at a low rate', ['-c:a', 'libmp3lame', '-ar', '22050', '-ac', '1']],
    ['speex', ['-c:a', 'libspeex', '-ar', '16000', '-ac', '1']],
    ['nellymoser', ['-c:a', 'nellymoser', '-ar', '22050', '-ac', '1']],
    ['g711a', ['-c:a', 'pcm_alaw', '-ar', '8000', '-ac', '1']],
    ['adpcm', ['-c:a', 'adpcm_swf', '-ar', '44100']],
  ])('is heard as AAC, with its pictures: %s', async (name, encoder) => {
    const file = await makeFlash(
      source(name.replaceAll(' ', '-')),
      { seconds: 3, at: 1.4, rate: 10, size: '160x90' },
      ...[...h264(10), ...encoder],
    )
    const video = await replayOf(pipeline, await messagesOf(file))
    expect(video).toMatchObject({ state: 'ready', failureCode: null })
    expect(video.renditions.map(({ name: of, state, codecs }) => [of, state, codecs?.slice(0, 4)])).toEqual([
      ['original', 'ready', 'avc1'],
      ['audio', 'ready', 'mp4a'],
    ])
    const [pictures, sound] = [
      await fileOf(pipeline, video.id as VideoId, 'original'),
      await fileOf(pipeline, video.id as VideoId, 'audio'),
    ]
    const [first] = await readPackets(pictures)
    const offset = (await findBeep(sound)) - ((first?.pts ?? 0) + (await findFlash(pictures)))
    const before = (await findBeep(file)) - ((await readPackets(file))[0]?.pts ?? 0) - (await findFlash(file))
    expect(Math.abs(offset - before), `${offset} instead of ${before}`).toBeLessThan(0.02)
  })

  it('joins without a seam where two parts of it meet', async () => {
    const file = await makeVideo(
      source('long'),
      { seconds: 18, size: '160x90', rate: 10 },
      ...[...h264(10), '-c:a', 'libmp3lame', '-ar', '44100', '-b:a', '192k'],
    )
    const video = await replayOf(pipeline, await messagesOf(file))
    expect(video.state).toBe('ready')
    expect(await pipeline.database.chunk.count({ where: { videoId: video.id } })).toBe(3)
    const samples = await readSamples(await fileOf(pipeline, video.id as VideoId, 'audio'))
    // A tone of 440 Hz changes from one sample to the next by its amplitude times 0.0576 at most.
    const inside = samples.subarray(24_000, 17 * 48_000)
    const amplitude = inside.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    const steepest = inside.reduce(
      (most, value, i) => (i === 0 ? 0 : Math.max(most, Math.abs(value - (inside[i - 1] ?? 0)))),
      0,
    )
    expect(steepest / amplitude).toBeLessThan(0.08)
  })

  it.each(['avc-mp3', 'avc-ac3', 'hevc-eac3', 'av1-opus', 'vp9-flac'])(
    'and pictures that some do not, as an encoder with Enhanced RTMP sends them: %s',
    async (name) => {
      const video = await replayOf(pipeline, await captured(name))
      expect(video).toMatchObject({ state: 'ready', failureCode: null })
      const timeline = await timelineOf(video.id as VideoId)
      const codecs = new Map(video.renditions.map((rendition) => [rendition.name, rendition.codecs ?? '']))
      expect(codecs.get('audio')).toBe('mp4a.40.2')
      const top = `${video.height}p`
      if (name.startsWith('avc')) expect(codecs.has(top)).toBe(false)
      else {
        expect(codecs.get('original')).toMatch(/^(hvc1|hev1|av01|vp09)\./)
        expect(codecs.get(top)).toMatch(/^avc1\./)
        const packets = await readPackets(await fileOf(pipeline, video.id as VideoId, top))
        expect(packets).toHaveLength(timeline.segments.reduce((sum, { frames }) => sum + frames, 0))
      }
      const samples = await readSamples(await fileOf(pipeline, video.id as VideoId, 'audio'))
      const seconds = timeline.duration - (timeline.segments[0]?.start ?? 0)
      expect(Math.abs(samples.length / 48_000 - seconds)).toBeLessThan(0.1)
      const middle = samples.subarray(samples.length / 3, (2 * samples.length) / 3)
      expect(middle.reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBeGreaterThan(0.02)
    },
  )
})

describe('pictures of old', () => {
  it.each([
    ['sorenson', ['-c:v', 'flv1', '-g', '20', '-q:v', '3']],
    ['screen', ['-c:v', 'flashsv', '-g', '20']],
  ])(
    'are seen as H.264 in their own size, every one of them, with their sound: %s',
    async (name, encoder) => {
      const file = await makeFlash(
        source(name),
        { seconds: 6, at: 3.3, rate: 10, size: '480x270' },
        ...[...encoder, '-c:a', 'libmp3lame', '-ar', '44100'],
      )
      const video = await replayOf(pipeline, await messagesOf(file))
      expect(video).toMatchObject({
        state: 'ready',
        playable: true,
        width: 480,
        height: 270,
      })
      const hasPoster = async () => (await pipeline.catalogue.findVideo(video.id as VideoId))?.hasPoster
      await expect.poll(hasPoster).toBe(true)
      expect(video.renditions.map(({ name: of, state }) => [of, state])).toEqual([
        ['audio', 'ready'],
        ['270p', 'ready'],
        ['240p', 'ready'],
      ])
      const pictures = await fileOf(pipeline, video.id as VideoId, '270p')
      const packets = await readPackets(pictures)
      expect(packets).toHaveLength(60)
      const beep = await findBeep(await fileOf(pipeline, video.id as VideoId, 'audio'))
      // ffprobe shifts what has B-frames; the timeline does not.
      const began = (await timelineOf(video.id as VideoId)).segments[0]?.start ?? 0
      const offset = beep - (began + (await findFlash(pictures)))
      const before =
        (await findBeep(file)) - ((await readPackets(file))[0]?.pts ?? 0) - (await findFlash(file))
      expect(Math.abs(offset - before), `${offset} instead of ${before}`).toBeLessThan(0.02)
    },
  )
})

it('everything here has playlists that keep every rule', async () => {
  expect(await faultsOfAll(pipeline)).toEqual([])
})
