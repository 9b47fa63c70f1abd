/** Qualities below the original while a broadcast is on air: recorded, packaged, planned and encoded for real. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MediaMessage } from '../../../src/ingest/media-message.ts'
import type { SessionId, VideoId } from '../../../src/kernel/ids.ts'
import { LivePackager } from '../../../src/library/broadcasts/live-packager.ts'
import { mediaKeys } from '../../../src/media/layout.ts'
import { packageBroadcast } from '../../../src/packaging/package-broadcast.ts'
import { parseTimeline, type Timeline } from '../../../src/packaging/timeline.ts'
import type { RecordedSession } from '../../../src/recording/recorder.ts'
import { ffmpeg } from '../../support/ffmpeg.ts'
import { faultsOfAll } from '../../support/hls/presentation-of.ts'
import { h264, joinRendition, readPackets } from '../../support/media.ts'
import { broadcastId, makeRecorder, messagesOf } from '../../support/packaged-video.ts'
import {
  addVideo,
  openTestPipeline,
  silent,
  type TestPipeline,
  untilSettled,
} from '../../support/pipeline.ts'
import { createTestDatabase } from '../../support/postgres.ts'

const RATE = 10
const patience = () => ({ signal: AbortSignal.timeout(150_000), timeoutMs: 120_000 })

let folder: string
let first: readonly MediaMessage[]
let second: readonly MediaMessage[]
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-on-air-'))
  first = await source('first', '640x400', 14)
  second = await source('second', '512x384', 6)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function source(name: string, size: string, seconds: number): Promise<readonly MediaMessage[]> {
  const file = path.join(folder, `${name}.flv`)
  await ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${RATE}:duration=${seconds}`],
    ...[
      '-f',
      'lavfi',
      '-i',
      `sine=sample_rate=48000:duration=${seconds}`,
      ...h264(RATE),
      '-c:a',
      'aac',
      file,
    ],
  )
  return messagesOf(file)
}

/** A broadcast on air whose encoder sends what it is told to. */
async function goOnAir(pipeline: TestPipeline) {
  const videoId = await addVideo(pipeline.database)
  await pipeline.database.video.update({ where: { id: videoId }, data: { state: 'live' } })
  const recorder = makeRecorder(pipeline.storageDir)
  const { store, planner } = pipeline
  const packaging = new LivePackager({
    recorder,
    packageLog: (request) => packageBroadcast({ ...request, store }),
    planner,
    log: silent,
  }).follow({
    broadcastId,
    videoId,
  })
  const connect = (session: string) =>
    recorder.openSession({ broadcastId, sessionId: session as SessionId, firstPart: 0 })
  const timeline = async (): Promise<Timeline> =>
    parseTimeline((await store.read(mediaKeys.timeline(videoId)))?.toString('utf8') ?? '')
  return {
    videoId,
    connect,
    timeline,
    hasSegments: (count: number) =>
      expect.poll(async () => (await timeline()).segments.length).toBeGreaterThanOrEqual(count),
    async end() {
      await packaging.finish()
      await pipeline.database.video.update({ where: { id: videoId }, data: { state: 'processing' } })
      await planner.completeTimeline(videoId)
    },
  }
}

function send(recording: RecordedSession, messages: readonly MediaMessage[], from: number, to: number): void {
  for (const message of messages) {
    if (message.timestampMs >= from * 1000 && message.timestampMs < to * 1000) recording.write(message)
  }
}

async function seen(pipeline: TestPipeline, videoId: VideoId, rendition: string) {
  const file = path.join(folder, `${rendition}.mp4`)
  await writeFile(file, await joinRendition(pipeline.store, videoId, rendition))
  return readPackets(file)
}

describe('a quality of a broadcast on air', () => {
  it('is there from the first seconds, made as it is asked for, through a reconnect with another picture, and whole at the end', async () => {
    await using db = await createTestDatabase()
    await using pipeline = await openTestPipeline(db.url)
    const answered = Promise.withResolvers<void>()
    await using _ = await pipeline.work({
      'encode-chunk': async (job) => {
        await answered.promise
        await pipeline.handlers['encode-chunk'](job)
      },
    })
    const air = await goOnAir(pipeline)
    const { videoId } = air
    const encoder = await air.connect('one')
    send(encoder, first, 0, 5)
    await air.hasSegments(2)
    await expect
      .poll(async () => (await pipeline.catalogue.renditions(videoId)).map(({ name }) => name))
      .toEqual(['original', 'audio', '360p', '240p'])

    // No chunk has closed by itself, no encoder has begun: the newest segment is asked for.
    const last = ((await air.timeline()).segments.length ?? 0) - 1
    const want = (rendition: string, segment: number | 'init') =>
      pipeline.demand.demandSegment(videoId, rendition, segment, patience())
    await Promise.all([want('240p', 'init'), want('240p', last), want('240p', last), want('240p', 0)])
    expect(await pipeline.store.stat(mediaKeys.segment(videoId, '240p', last))).toBeDefined()
    await expect(want('240p', last + 50)).rejects.toMatchObject({ code: 'not-found' })

    // Everything else is encoded behind, while it goes on.
    answered.resolve()
    send(encoder, first, 5, 14)
    await air.hasSegments(6)
    await want('360p', 5)
    expect(await faultsOfAll(pipeline)).toEqual([])
    await encoder.close()
    const again = await air.connect('two')
    send(again, second, 0, 6)
    await again.close()
    await air.end()

    const video = await untilSettled(pipeline, videoId)
    expect(video).toMatchObject({ state: 'ready', progress: 100 })
    expect(await faultsOfAll(pipeline)).toEqual([])
    const { segments, inits } = await air.timeline()
    expect(inits.map((init) => init.video?.width)).toEqual([640, 512])
    expect(segments.filter(({ discontinuity }) => discontinuity)).toHaveLength(1)
    const chunks = await pipeline.chunks.list(videoId)
    for (const rendition of ['360p', '240p']) {
      const numbers = chunks
        .filter((chunk) => chunk.rendition === rendition)
        .flatMap(({ range }) => Array.from({ length: range.segmentCount }, (_, i) => range.firstSegment + i))
      expect(numbers, `${rendition}: each segment in one chunk`).toEqual(segments.map(({ number }) => number))
      const packets = await seen(pipeline, videoId, rendition)
      expect(packets, rendition).toHaveLength(20 * RATE)
      const keys = packets.filter(({ key }) => key).map(({ pts }) => pts - (packets[0]?.pts ?? 0))
      for (const [i, { start }] of segments.entries())
        expect(keys[i], `${rendition} ${i}`).toBeCloseTo(start - (segments[0]?.start ?? 0), 2)
    }
    expect(video.renditions.map(({ name, state }) => [name, state])).toEqual([
      ['original', 'ready'],
      ['audio', 'ready'],
      ['360p', 'ready'],
      ['240p', 'ready'],
    ])
  })
})
