/** Viewers who ask for what is not made yet, timelines that grow, and people who steer the jobs. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { AppError } from '../../../src/kernel/errors.ts'
import type { VideoId } from '../../../src/kernel/ids.ts'
import { mediaKeys } from '../../../src/media/layout.ts'
import { encodeTimelineEntry, parseTimeline } from '../../../src/packaging/timeline.ts'
import { h264, makeVideo, storeOriginal } from '../../support/media.ts'
import { addVideo, openTestPipeline, type TestPipeline, until, untilSettled } from '../../support/pipeline.ts'
import { createTestDatabase } from '../../support/postgres.ts'

let folder: string
let source: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-demand-'))
  source = await makeVideo(
    path.join(folder, 'source.mp4'),
    { seconds: 40, size: '640x400', rate: 5 },
    ...h264(5),
    '-an',
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function openPipeline() {
  await using opening = new AsyncDisposableStack()
  const db = opening.use(await createTestDatabase())
  const pipeline = opening.use(await openTestPipeline(db.url))
  const open = opening.move()
  return { ...pipeline, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

const ORIGINAL = { gopSeconds: 2, frameRate: 5, frames: 200, width: 640, height: 400 }

/** 40 s in five chunks, rungs 360p and 240p, planned but not made. */
async function plannedVideo(pipeline: TestPipeline): Promise<VideoId> {
  const videoId = await addVideo(pipeline.database)
  await storeOriginal(pipeline.store, videoId, source, ORIGINAL)
  await pipeline.planner.completeTimeline(videoId)
  return videoId
}

const patience = () => ({ signal: AbortSignal.timeout(150_000), timeoutMs: 120_000 })

describe('a viewer who asks for a segment', () => {
  it('gets it although every encoder is busy with what nobody waits for', async () => {
    await using pipeline = await openPipeline()
    const videoId = await plannedVideo(pipeline)
    const answered = Promise.withResolvers<void>()
    await using _ = await pipeline.work(
      {
        'encode-chunk': async (job) => {
          await answered.promise
          await pipeline.handlers['encode-chunk'](job)
        },
      },
      1,
    )
    const asked = pipeline.demand.demandSegment(videoId, '360p', 19, patience())
    await Promise.all([asked, pipeline.demand.demandSegment(videoId, '360p', 18, patience())])
    expect(await pipeline.store.stat(mediaKeys.segment(videoId, '360p', 19))).toBeDefined()
    expect((await pipeline.chunks.list(videoId)).filter(({ state }) => state === 'ready')).toMatchObject([
      { rendition: '360p', range: { index: 4 } },
    ])
    answered.resolve()
    await untilSettled(pipeline, videoId)
    // At once, when it is there.
    await pipeline.demand.demandSegment(videoId, '240p', 3, patience())
  })

  it('with many others costs one job, which is taken back when the last of them has gone', async () => {
    await using pipeline = await openPipeline()
    const videoId = await plannedVideo(pipeline)
    const leaving = new AbortController()
    const sent = vi.spyOn(pipeline.queue, 'send')
    const paid: number[] = []
    const refund = vi.fn()
    const charge = (seconds: number) => {
      paid.push(seconds)
      return refund
    }
    const viewers = Array.from({ length: 200 }, (_, i) =>
      pipeline.demand.demandSegment(videoId, '360p', 16 + (i % 4), {
        signal: leaving.signal,
        timeoutMs: 120_000,
        charge,
      }),
    )
    const hurried = async () =>
      (await pipeline.jobs.list({ videoId, limit: 50 })).items.filter(({ kind }) => kind === 'encode-now')
    await expect.poll(async () => (await hurried()).length).toBe(1)
    expect(sent.mock.calls.flat(2)).toMatchObject([{ kind: 'encode-now', data: { index: 4 } }])
    leaving.abort(new Error('gone'))
    for (const viewer of viewers) await expect(viewer).rejects.toThrow('gone')
    await expect.poll(async () => (await hurried()).length).toBe(0)
    expect(await pipeline.chunks.find(videoId, '360p', 16)).toMatchObject({ state: 'waiting' })
    // One of them paid for one chunk, and has it back.
    expect(paid).toEqual([8])
    await expect.poll(() => refund.mock.calls.length).toBe(1)
  })

  it('gets the init of a quality with whichever part is made first', async () => {
    await using pipeline = await openPipeline()
    const videoId = await plannedVideo(pipeline)
    await using _ = await pipeline.work({ 'encode-chunk': async () => undefined })
    const init = pipeline.demand.demandSegment(videoId, '240p', 'init', patience())
    const segment = pipeline.demand.demandSegment(videoId, '240p', 19, patience())
    await Promise.all([init, segment])
    expect(await pipeline.store.stat(mediaKeys.init(videoId, '240p'))).toBeDefined()
    // By itself it is brought along by the first part.
    await pipeline.demand.demandSegment(videoId, '360p', 'init', patience())
    expect(await pipeline.chunks.find(videoId, '360p', 0)).toMatchObject({ state: 'ready' })
  })

  it('beyond what may be made for viewers is told so, and nothing is begun', async () => {
    await using pipeline = await openPipeline()
    const videoId = await plannedVideo(pipeline)
    const charge = () => {
      throw new AppError('not-ready', 'More than is encoded on demand.')
    }
    const asked = pipeline.demand.demandSegment(videoId, '360p', 0, { ...patience(), charge })
    await expect(asked).rejects.toThrow('More than is encoded on demand.')
    const { items } = await pipeline.jobs.list({ videoId, limit: 50 })
    expect(items.filter(({ kind }) => kind === 'encode-now')).toEqual([])
  })

  it('that nobody makes is told so in time', async () => {
    await using pipeline = await openPipeline()
    const videoId = await plannedVideo(pipeline)
    const asked = pipeline.demand.demandSegment(videoId, '360p', 0, { ...patience(), timeoutMs: 200 })
    await expect(asked).rejects.toMatchObject({ code: 'not-ready' })
  })

  it('and leaves is not waited for', async () => {
    await using pipeline = await openPipeline()
    const videoId = await plannedVideo(pipeline)
    const leaving = new AbortController()
    const asked = pipeline.demand.demandSegment(videoId, '360p', 0, {
      signal: leaving.signal,
      timeoutMs: 120_000,
    })
    leaving.abort(new Error('gone'))
    await expect(asked).rejects.toThrow('gone')
  })

  it('that does not exist is told so at once', async () => {
    await using pipeline = await openPipeline()
    const videoId = await plannedVideo(pipeline)
    await expect(pipeline.demand.demandSegment(videoId, '360p', 20, patience())).rejects.toMatchObject({
      code: 'not-found',
    })
    await expect(pipeline.demand.demandSegment(videoId, '4320p', 0, patience())).rejects.toMatchObject({
      code: 'not-found',
    })
  })
})

describe('a broadcast on air', () => {
  it('gets its parts made while it goes on, and plays from its first segment', async () => {
    await using pipeline = await openPipeline()
    const { database, planner, store } = pipeline
    const videoId = await addVideo(database)
    await database.video.update({ where: { id: videoId }, data: { state: 'live' } })
    await storeOriginal(store, videoId, source, ORIGINAL)
    const whole = parseTimeline((await store.read(mediaKeys.timeline(videoId)))?.toString('utf8') ?? '')
    await store.remove(mediaKeys.timeline(videoId))
    const append = (entry: Parameters<typeof encodeTimelineEntry>[0]) =>
      store.append(mediaKeys.timeline(videoId), Buffer.from(encodeTimelineEntry(entry)))
    const [init] = whole.inits
    if (!init) throw new Error('no init')
    await using _ = await pipeline.work()

    await append({ kind: 'start', version: 1, timeline: 'measured' })
    await append(init)
    await planner.extendTimeline(videoId, init)
    expect((await pipeline.catalogue.renditions(videoId)).map(({ name }) => name)).toEqual([
      'original',
      '360p',
      '240p',
    ])
    for (const segment of whole.segments.slice(0, 5)) {
      await append(segment)
      await planner.extendTimeline(videoId, segment)
    }
    expect(await database.video.findUniqueOrThrow({ where: { id: videoId } })).toMatchObject({
      playable: true,
      timelineKind: 'measured',
      width: 640,
      height: 400,
    })
    expect(
      (await pipeline.chunks.list(videoId)).map(({ range }) => [range.firstSegment, range.segmentCount]),
    ).toEqual([
      [0, 4],
      [0, 4],
    ])
    await pipeline.demand.demandSegment(videoId, '240p', 3, patience())
    const { items } = await pipeline.jobs.list({ videoId, limit: 20 })
    expect(
      items
        .filter(({ kind }) => kind === 'encode-chunk')
        .map(({ priority }) => priority)
        .toSorted(),
    ).toEqual(expect.arrayContaining([400, 700]))

    // Another process goes on after a crash: it knows nothing and has missed segments.
    const { makePlanner } = await import('../../../src/pipeline/planner.ts')
    const other = makePlanner({ ...pipeline, logger: (await import('../../support/pipeline.ts')).silent })
    for (const segment of whole.segments.slice(5)) await append(segment)
    const last = whole.segments.at(-1)
    if (last) await other.extendTimeline(videoId, last)
    await append({ kind: 'end', duration: 40 })
    await other.completeTimeline(videoId)
    const video = await untilSettled(pipeline, videoId)
    expect(video).toMatchObject({ state: 'ready', durationSeconds: 40 })
    expect(await database.chunk.count({ where: { videoId, state: 'ready' } })).toBe(10)
  })
})

describe('people', () => {
  it('see jobs page by page, by video, owner and state', async () => {
    await using pipeline = await openPipeline()
    const videoId = await plannedVideo(pipeline)
    const other = await plannedVideo(pipeline)
    const all = await pipeline.jobs.list({ videoId, limit: 100 })
    const kinds = all.items.map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'encode-chunk')).toHaveLength(10)
    expect(kinds).toContain('make-poster')
    expect(all.nextCursor).toBeNull()
    const paged: string[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof pipeline.jobs.list>> = await pipeline.jobs.list({
        videoId,
        limit: 4,
        ...(cursor ? { cursor } : {}),
      })
      paged.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
    } while (cursor)
    expect(paged).toEqual(all.items.map(({ id }) => id))
    const { channel } = await pipeline.database.video.findUniqueOrThrow({
      where: { id: other },
      include: { channel: true },
    })
    const owned = await pipeline.jobs.list({ ownerId: channel.ownerId as never, limit: 100 })
    expect(new Set(owned.items.map((job) => job.videoId))).toEqual(new Set([other]))
    expect((await pipeline.jobs.list({ videoId, state: 'done', limit: 10 })).items).toEqual([])
    await expect(pipeline.jobs.list({ limit: 1, cursor: 'bad' })).rejects.toMatchObject({
      code: 'bad-request',
    })
  })

  it('cancel a job, which fails its quality alone, and run it again', async () => {
    await using pipeline = await openPipeline()
    const videoId = await plannedVideo(pipeline)
    const { items } = await pipeline.jobs.list({ videoId, limit: 100 })
    const job = items.find(({ subject }) => subject === '360p, seconds 16 to 24')
    if (!job) throw new Error('no such job')
    await pipeline.jobs.cancel(job.id)
    await expect(pipeline.jobs.cancel(job.id)).rejects.toMatchObject({ code: 'conflict' })
    expect(await pipeline.jobs.find(job.id)).toMatchObject({
      state: 'cancelled',
      reason: 'It was cancelled.',
    })
    await using _ = await pipeline.work()
    const video = await untilSettled(pipeline, videoId)
    expect(video.renditions.map(({ name, state, failure }) => [name, state, failure])).toEqual([
      ['original', 'ready', null],
      ['360p', 'failed', 'It was cancelled.'],
      ['240p', 'ready', null],
    ])
    await pipeline.jobs.retry(job.id)
    const made = await until(pipeline, async () => {
      const rendition = await pipeline.database.rendition.findFirstOrThrow({
        where: { videoId, name: '360p' },
      })
      return rendition.state === 'ready' ? rendition : undefined
    })
    expect(made.failure).toBeNull()
    expect(await pipeline.database.chunk.count({ where: { videoId, state: 'ready' } })).toBe(10)
    await expect(pipeline.jobs.retry('00000000-0000-0000-0000-000000000000')).rejects.toMatchObject({
      code: 'not-found',
    })
  })

  it('delete a video whose parts are being made: everything of it stops', async () => {
    await using pipeline = await openPipeline()
    const videoId = await plannedVideo(pipeline)
    expect(await pipeline.jobs.cancelAll(videoId)).toBe(true)
    await using _ = await pipeline.work()
    expect((await pipeline.chunks.list(videoId)).every(({ state }) => state === 'failed')).toBe(true)
    const { items } = await pipeline.jobs.list({ videoId, limit: 100 })
    expect(
      items
        .filter(({ state }) => state === 'running' || state === 'waiting')
        .filter(({ kind }) => kind === 'encode-chunk'),
    ).toEqual([])
  })
})
