/** More kinds of files in which sound and pictures stay in step: see test/integration/pipeline/in-step.test.ts. */
import { afterAll, beforeAll, describe, it } from 'vitest'
import { expectInStep, H264_AAC, MPEG4_AAC } from '../support/in-step.ts'
import { openTestPipeline, type TestPipeline } from '../support/pipeline.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

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

const AC3 = [...H264_AAC.slice(0, -1), 'ac3']
const MPEG2_MP2 = ['-c:v', 'mpeg2video', '-bf', '2', '-g', '20', '-c:a', 'mp2']

describe('sound and pictures are in step (pain 29)', () => {
  it.each([
    ['Matroska with AC-3', 'measured', 'ac3.mkv', AC3, 0],
    ['QuickTime', 'measured', 'a.mov', H264_AAC, 0],
    ['MP4 whose sound begins earlier', 'planned', 'early.mp4', H264_AAC, -0.3],
    ['MP4 with edit lists', 'planned', 'b.mp4', MPEG4_AAC, 0],
    ['MP4 whose sound begins later', 'planned', 'late.mp4', MPEG4_AAC, 0.4],
    ['a transport stream', 'planned', 'b.ts', MPEG2_MP2, 0],
    ['AVI', 'planned', 'b.avi', ['-c:v', 'mpeg4', '-c:a', 'libmp3lame'], 0],
  ] as const)('in %s, of a timeline that is %s', (_, timelineKind, name, codecs, lateBy) =>
    expectInStep(pipeline, name, codecs, { timelineKind, lateBy }),
  )
})
