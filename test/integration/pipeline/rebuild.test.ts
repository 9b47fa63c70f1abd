/** A video made again: beside what it shows, which goes on being shown until the new is whole. */
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeVideoStore } from '../../../src/database/videos.ts'
import type { UserId, VideoId } from '../../../src/kernel/ids.ts'
import { type Asker, listable } from '../../../src/library/permissions.ts'
import { VideoRemoval } from '../../../src/library/video-removal.ts'
import type { VideoStore } from '../../../src/library/video-store.ts'
import { makeStoragePaths, mediaKeys } from '../../../src/media/layout.ts'
import { PRIORITY } from '../../../src/pipeline/job-kinds.ts'
import { h264, joinRendition, makeVideo } from '../../support/media.ts'
import {
  addUpload,
  openTestPipeline,
  silent,
  type TestPipeline,
  until,
  untilSettled,
} from '../../support/pipeline.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

const ADMIN: Asker = { kind: 'person', userId: 'admin' as UserId, role: 'admin' }
const DAY_MS = 24 * 3600_000

let db: TestDatabase
let pipeline: TestPipeline
let videos: VideoStore
let file: string
let videoId: VideoId
beforeAll(async () => {
  db = await createTestDatabase()
  pipeline = await openTestPipeline(db.url)
  videos = makeVideoStore(pipeline.database)
  file = await makeVideo(
    path.join(pipeline.storageDir, 'source.mp4'),
    { seconds: 4, size: '480x360', rate: 25 },
    ...h264(25),
    '-an',
  )
  await using _ = await pipeline.work()
  videoId = await addUpload(pipeline, file)
  await untilSettled(pipeline, videoId)
})
afterAll(async () => {
  await pipeline?.[Symbol.asyncDispose]()
  await db?.[Symbol.asyncDispose]()
})

const rebuild = () =>
  pipeline.queue.send([{ kind: 'rebuild-video', priority: PRIORITY.replay.lead, data: { videoId } }])
const shown = async () => {
  const video = await videos.find(videoId)
  if (!video) throw new Error('the video is gone')
  return video
}
const editions = () =>
  pipeline.database.video.findMany({ where: { editionOfId: videoId }, orderBy: { createdAt: 'asc' } })

describe('a video that is made again', () => {
  it('shows what it had until the new is whole, then the new', async () => {
    const before = await shown()
    expect(before).toMatchObject({ state: 'ready', mediaId: videoId })
    await rebuild()
    {
      // Everything but the encoding: the edition is there, and not whole.
      await using _ = await pipeline.work({ 'encode-chunk': () => Promise.reject(new Error('not now')) })
      await until(
        pipeline,
        async () =>
          (await editions()).some(({ timelineComplete, hasPoster }) => timelineComplete && hasPoster) ||
          undefined,
      )
      expect(await shown()).toEqual({ ...before })
      expect(
        (await videos.search({ filter: listable(ADMIN, 'all'), words: [], sort: 'newest', limit: 10 })).map(
          ({ id }) => id,
        ),
      ).toEqual([videoId])
    }
    await using _ = await pipeline.work()
    const after = await until(pipeline, async () => {
      const video = await shown()
      return video.mediaId === videoId ? undefined : video
    })
    expect(after).toMatchObject({ id: videoId, state: 'ready', playable: true, failure: null })
    expect(after.renditions.map(({ name, state }) => [name, state])).toEqual(
      before.renditions.map(({ name, state }) => [name, state]),
    )
    for (const { name } of after.renditions)
      expect(
        (await joinRendition(pipeline.store, after.mediaId, name)).equals(
          await joinRendition(pipeline.store, videoId, name),
        ),
        name,
      ).toBe(true)
    const jobs = await pipeline.jobs.list({ videoId, limit: 100 })
    expect(new Set(jobs.items.map((job) => job.videoId))).toEqual(new Set([videoId, after.mediaId]))
  })

  it('keeps the media of before for those who watch them, then removes them, and what the creator gave stays', async () => {
    await pipeline.store.put(mediaKeys.poster(videoId), Buffer.from('given'))
    const remove = async (nowMs: number) => {
      await using removal = new VideoRemoval({
        store: videos,
        media: pipeline.store,
        paths: makeStoragePaths(pipeline.storageDir),
        stopJobs: async () => undefined,
        log: silent,
        now: () => nowMs,
      })
      removal.begin()
      await removal.settled()
    }
    await remove(Date.now())
    expect(await pipeline.store.stat(mediaKeys.timeline(videoId))).toBeDefined()
    await remove(Date.now() + DAY_MS)
    expect(await pipeline.store.stat(mediaKeys.timeline(videoId))).toBeUndefined()
    expect(await pipeline.store.stat(mediaKeys.segment(videoId, 'original', 0))).toBeUndefined()
    expect(await pipeline.store.read(mediaKeys.poster(videoId))).toEqual(Buffer.from('given'))
    const { mediaId, renditions } = await shown()
    expect(await pipeline.store.stat(mediaKeys.segment(mediaId, 'original', 0))).toBeDefined()
    expect(renditions.length).toBeGreaterThan(1)
  })

  it('supersedes an edition by the next', async () => {
    const before = await shown()
    await rebuild()
    await using _ = await pipeline.work()
    const after = await until(pipeline, async () => {
      const video = await shown()
      return video.mediaId === before.mediaId ? undefined : video
    })
    expect(after).toMatchObject({ state: 'ready', failure: null })
    expect(await videos.listSuperseded(new Date(Date.now() + DAY_MS), 10)).toEqual([
      { id: before.mediaId, isOwn: false, renditions: expect.arrayContaining(['original']) },
    ])
  })

  it('keeps what there was when it cannot be made again, and its owner is told why', async () => {
    const before = await shown()
    await rm(file)
    await rebuild()
    await using _ = await pipeline.work()
    const after = await until(pipeline, async () => ((await shown()).failure ? await shown() : undefined))
    expect(after).toMatchObject({
      state: 'ready',
      playable: true,
      mediaId: before.mediaId,
      failure: { code: 'rebuild-failed', detail: expect.stringContaining('what there was is kept') },
    })
    expect((await editions()).filter(({ deletedAt }) => deletedAt === null).map(({ id }) => id)).toContain(
      before.mediaId,
    )
  })
})
