/** More kinds of files that hold sound alone: see test/integration/pipeline/sounds.test.ts. */
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ffmpeg } from '../support/ffmpeg.ts'
import { addUpload, openTestPipeline, type TestPipeline, until, untilSettled } from '../support/pipeline.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

let db: TestDatabase
let pipeline: TestPipeline
let worker: AsyncDisposable
beforeAll(async () => {
  db = await createTestDatabase()
  pipeline = await openTestPipeline(db.url, { beside: true })
  worker = await pipeline.work()
})
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]()
  await pipeline?.[Symbol.asyncDispose]()
  await db?.[Symbol.asyncDispose]()
})

it.each([
  ['AAC in MP4', 'a.m4a', ['-c:a', 'aac']],
  ['AAC in ADTS', 'a.aac', ['-c:a', 'aac']],
  ['Apple Lossless', 'lossless.m4a', ['-c:a', 'alac']],
  ['FLAC', 'a.flac', ['-c:a', 'flac']],
  ['Vorbis', 'a.ogg', ['-c:a', 'libvorbis']],
  ['PCM', 'a.wav', ['-c:a', 'pcm_s24le']],
  ['PCM of Apple', 'a.aiff', ['-c:a', 'pcm_s16be']],
  ['Matroska', 'a.mka', ['-c:a', 'libopus']],
  ['WebM', 'a.webm', ['-c:a', 'libopus']],
  ['AC-3 of six channels', 'a.mkv', ['-c:a', 'ac3', '-ac', '6']],
])('%s is taken as sound alone, as long as it is', async (_, name, codec) => {
  const file = path.join(pipeline.storageDir, name)
  await ffmpeg('-f', 'lavfi', '-i', 'sine=frequency=600:duration=9', '-ar', '48000', ...codec, file)
  const videoId = await addUpload(pipeline, file)
  const video = await untilSettled(pipeline, videoId)
  expect(video).toMatchObject({ state: 'ready', failureCode: null, width: null })
  expect(Math.abs((video.durationSeconds ?? 0) - 9)).toBeLessThan(0.1)
  const measured = async () => {
    const row = await pipeline.database.video.findUniqueOrThrow({ where: { id: videoId } })
    return row.hasWaveform ? row : undefined
  }
  expect(await until(pipeline, measured)).toMatchObject({ loudness: { range: expect.any(Number) } })
})
