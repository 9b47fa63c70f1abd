/** Speech to text, by a program that speaks as whisper-cli does. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { VideoId } from '../../../src/kernel/ids.ts'
import { mediaKeys } from '../../../src/media/layout.ts'
import { encodeTimelineEntry, type TimelineEntry } from '../../../src/packaging/timeline.ts'
import { checkSpeechProgram } from '../../../src/pipeline/captions/speech-program.ts'
import { makeRecogniseSpeech } from '../../../src/pipeline/steps/recognise-speech.ts'
import type { StepParts } from '../../../src/pipeline/steps/step-parts.ts'
import { ffmpeg } from '../../support/ffmpeg.ts'
import { addUpload, openTestPipeline, silent, type TestPipeline } from '../../support/pipeline.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

const program = path.resolve(import.meta.dirname, '../../support/fake-whisper.mjs')
const SECONDS = 6

let dir: string
let database: TestDatabase
let pipeline: TestPipeline
let videoId: VideoId

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'reprise-speech-'))
  database = await createTestDatabase()
  pipeline = await openTestPipeline(database.url, { storageDir: dir, beside: true })
  const file = path.join(dir, 'talk.m4a')
  await ffmpeg('-f', 'lavfi', '-i', `sine=frequency=440:duration=${SECONDS}`, '-c:a', 'aac', file)
  videoId = await addUpload(pipeline, file)
  // As its processing would leave it; nobody works on it here.
  const span = { number: 0, init: 0, start: 0, duration: SECONDS, frames: 0, discontinuity: false }
  const lines: readonly TimelineEntry[] = [
    { kind: 'start', version: 1, timeline: 'planned' },
    { kind: 'segment', ...span, videoBytes: 0, audioBytes: 0 },
    { kind: 'end', duration: SECONDS },
  ]
  await pipeline.store.put(mediaKeys.timeline(videoId), Buffer.from(lines.map(encodeTimelineEntry).join('')))
})
afterAll(async () => {
  await pipeline[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

async function recognise(
  words: string,
  language: string,
  signal = new AbortController().signal,
): Promise<void> {
  const model = path.join(dir, 'model.bin')
  await writeFile(model, words)
  const parts = {
    ...pipeline,
    logger: silent,
    threads: 1,
    room: { enter: async () => undefined },
    speech: { program, model, language: 'auto' },
  } as unknown as StepParts
  const data = { videoId, language }
  await makeRecogniseSpeech(parts)({ id: '', data, attempt: 1, isLastAttempt: false, signal })
}
const captions = () =>
  pipeline.database.caption.findMany({ where: { videoId }, orderBy: { language: 'asc' } })

describe('what is said in a video', () => {
  it('becomes a track of the language that was heard, marked as automatic; again, it is the same one', async () => {
    await recognise('Guten Tag', 'auto')
    const [first, ...more] = await captions()
    expect(more).toEqual([])
    expect(first).toMatchObject({
      origin: 'speech',
      language: 'de',
      name: 'Deutsch (automatic)',
      kind: 'subtitles',
      isDefault: false,
      version: 1,
      cues: 1,
      text: expect.stringMatching(/^WEBVTT\n\n00:00:00\.000 --> 00:00:0[56]\.\d{3}\nGuten Tag\n$/),
    })
    await recognise('Guten Abend', 'auto')
    expect(await captions()).toMatchObject([
      { id: first?.id, version: 2, text: expect.stringContaining('Guten Abend') },
    ])
    await recognise('Good evening', 'en')
    expect((await captions()).map(({ language }) => language)).toEqual(['de', 'en'])
  })

  it('is given up with the program’s own words when it fails, and at once when it is cancelled', async () => {
    await expect(recognise('fails', 'auto')).rejects.toMatchObject({
      code: 'encode-failed',
      message: expect.stringContaining('failed to process audio'),
    })
    const cancelling = new AbortController()
    const running = recognise('hangs', 'auto', cancelling.signal)
    const reason = new Error('cancelled')
    setTimeout(() => cancelling.abort(reason), 500)
    await expect(running).rejects.toBe(reason)
  })
})

describe('a program for speech', () => {
  it('is looked at when a worker starts', async () => {
    const model = path.join(dir, 'model.bin')
    await writeFile(model, 'x')
    await checkSpeechProgram({ program, model, language: 'auto' })
    const wrong = [
      [{ program, model: path.join(dir, 'none.bin') }, /^WHISPER_MODEL: .*none\.bin cannot be read/],
      [{ program: '/bin/true', model }, /^WHISPER_PATH: \/bin\/true is no whisper-cli/],
      [{ program: path.join(dir, 'none'), model }, /^WHISPER_PATH: /],
    ] as const
    for (const [given, message] of wrong)
      await expect(checkSpeechProgram({ ...given, language: 'auto' })).rejects.toMatchObject({
        code: 'bad-setting',
        message: expect.stringMatching(message),
      })
  })
})
