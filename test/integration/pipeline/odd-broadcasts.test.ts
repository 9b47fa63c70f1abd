/** Replays of broadcasts that lacked sound or pictures for a while, or altogether: ready in every quality all the same. */
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mediaKeys, ORIGINAL } from '../../../src/media/layout.ts'
import { packageBroadcast } from '../../../src/packaging/package-broadcast.ts'
import type { TimelineInit, TimelineSegment } from '../../../src/packaging/timeline.ts'
import { faultsOfAll } from '../../support/hls/presentation-of.ts'
import {
  byTrueTime,
  type DatedStream,
  isAudio,
  isMedia,
  isVideo,
  later,
  makeStream,
} from '../../support/odd/dated-stream.ts'
import { broadcastId, makeRecorder, record } from '../../support/packaged-video.ts'
import { addVideo, openTestPipeline, type TestPipeline, untilSettled } from '../../support/pipeline.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

let db: TestDatabase
let pipeline: TestPipeline
let worker: AsyncDisposable
let stream: DatedStream
beforeAll(async () => {
  db = await createTestDatabase()
  pipeline = await openTestPipeline(db.url)
  worker = await pipeline.work()
  stream = await makeStream(path.join(pipeline.storageDir, 'source.flv'), { seconds: 6, size: '640x360' })
})
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]()
  await pipeline?.[Symbol.asyncDispose]()
  await db?.[Symbol.asyncDispose]()
})

async function replayOf(name: string, sent: DatedStream) {
  const recorder = makeRecorder(path.join(pipeline.storageDir, name))
  await record(
    recorder,
    sent.map(({ message }) => message),
  )
  const videoId = await addVideo(pipeline.database)
  await packageBroadcast({
    log: recorder.finishedLog(broadcastId),
    video: videoId,
    store: pipeline.store,
  })
  await pipeline.planner.completeTimeline(videoId)
  const video = await untilSettled(pipeline, videoId)
  const files = async (rendition: string) => {
    const count = await pipeline.store.read(mediaKeys.timeline(videoId))
    const segments = count?.toString('utf8').match(/"kind":"segment"/g)?.length ?? 0
    const sizes = Array.from({ length: segments }, (_, number) =>
      pipeline.store.stat(mediaKeys.segment(videoId, rendition, number)),
    )
    return { segments, there: (await Promise.all(sizes)).filter((stat) => stat !== undefined).length }
  }
  return { video, files }
}

describe('the replay of a broadcast', () => {
  it('of sound alone is ready', async () => {
    const { video } = await replayOf(
      'sound',
      stream.filter((one) => !isVideo(one)),
    )
    expect(video).toMatchObject({ state: 'ready', playable: true, failureCode: null })
    expect(video.renditions.map(({ name, state }) => [name, state])).toEqual([['audio', 'ready']])
  })

  it('that begins with sound has every segment in every quality', async () => {
    const { video, files } = await replayOf(
      'sound-first',
      byTrueTime(
        stream.filter((one) => !isVideo(one)),
        later(
          stream.filter((one) => isVideo(one) && (!isMedia(one) || one.trueMs < 2000)),
          4000,
        ),
      ),
    )
    expect(video).toMatchObject({ state: 'ready', playable: true, failureCode: null })
    for (const rendition of ['original', 'audio', '240p']) {
      const { segments, there } = await files(rendition)
      expect(there, rendition).toBe(segments)
      expect(segments).toBeGreaterThan(2)
    }
  })

  it('whose sound is announced with its first frame, late, has silence before it', async () => {
    const { video, files } = await replayOf(
      'sound-late',
      stream
        .filter((one) => isVideo(one))
        .concat(later(stream.filter(isAudio), 6000), later(stream.filter(isVideo), 6000))
        .sort((a, b) => a.trueMs - b.trueMs),
    )
    expect(video).toMatchObject({ state: 'ready', playable: true, failureCode: null })
    const { segments, there } = await files('audio')
    expect(there).toBe(segments)
  })
})

it('everything here has playlists that keep every rule', async () => {
  expect(await faultsOfAll(pipeline)).toEqual([])
})

/** The last: it stops the worker. */
it('a broadcast is recorded and can be watched in its original quality while no encoder works (pain 4)', async () => {
  await worker[Symbol.asyncDispose]()
  const recorder = makeRecorder(path.join(pipeline.storageDir, 'unencoded'))
  const videoId = await addVideo(pipeline.database)
  const planned: Promise<void>[] = []
  const plan = (entry: TimelineInit | TimelineSegment) =>
    void planned.push(pipeline.planner.extendTimeline(videoId, entry))
  const packaging = packageBroadcast({
    log: recorder.log(broadcastId),
    video: videoId,
    store: pipeline.store,
    onInit: plan,
    onSegment: plan,
  })
  await record(
    recorder,
    stream.map(({ message }) => message),
  )
  recorder.endBroadcast(broadcastId)
  const { segments } = await packaging
  await Promise.all(planned)
  const video = await pipeline.database.video.findUniqueOrThrow({ where: { id: videoId } })
  expect(video).toMatchObject({ playable: true })
  for (let number = 0; number < segments; number++)
    expect(await pipeline.store.stat(mediaKeys.segment(videoId, ORIGINAL, number))).toBeDefined()
  expect(segments).toBeGreaterThan(2)
})
