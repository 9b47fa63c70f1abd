/** Sound and pictures stay as far apart as the source has them: at its start, in its middle and at its end. */
import { afterAll, beforeAll, describe, it } from 'vitest'
import { expectInStep, H264_AAC, MPEG4_AAC } from '../../support/in-step.ts'
import { openTestPipeline, type TestPipeline } from '../../support/pipeline.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

let db: TestDatabase
let pipeline: TestPipeline
let worker: AsyncDisposable
beforeAll(async () => {
  db = await createTestDatabase()
  pipeline = await openTestPipeline(db.url)
  worker = await pipeline.work()
})
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]()
  await pipeline?.[Symbol.asyncDispose]()
  await db?.[Symbol.asyncDispose]()
})

const VP9_OPUS = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-c:a', 'libopus']

describe('sound and pictures are in step (pain 29)', () => {
  it.each([
    ['MP4 with edit lists', 'measured', 'a.mp4', H264_AAC, 0],
    ['MP4 whose sound begins later', 'measured', 'late.mp4', H264_AAC, 0.4],
    ['Matroska', 'measured', 'a.mkv', H264_AAC, 0],
    ['a transport stream', 'measured', 'a.ts', H264_AAC, 0],
    ['FLV', 'measured', 'a.flv', H264_AAC, 0],
    ['Matroska', 'planned', 'b.mkv', MPEG4_AAC, 0],
    ['WebM', 'planned', 'b.webm', VP9_OPUS, 0],
  ] as const)('in %s, of a timeline that is %s', (_, timelineKind, name, codecs, lateBy) =>
    expectInStep(pipeline, name, codecs, { timelineKind, lateBy }),
  )
})
