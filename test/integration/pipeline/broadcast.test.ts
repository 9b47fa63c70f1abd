/** The replay of a broadcast: rungs with the original's boundaries and every one of its frames. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { VideoId } from '../../../src/kernel/ids.ts'
import { mediaKeys } from '../../../src/media/layout.ts'
import type { TimelineSegment } from '../../../src/packaging/timeline.ts'
import { faultsOfAll } from '../../support/hls/presentation-of.ts'
import { h264, joinRendition, makeVideo, readPackets, storeOriginal } from '../../support/media.ts'
import { addVideo, openTestPipeline, type TestPipeline, untilSettled } from '../../support/pipeline.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

let db: TestDatabase
let pipeline: TestPipeline
beforeAll(async () => {
  db = await createTestDatabase()
  pipeline = await openTestPipeline(db.url)
})
afterAll(async () => {
  await pipeline?.[Symbol.asyncDispose]()
  await db?.[Symbol.asyncDispose]()
})

describe('a 20 s broadcast of 720p30 with B-frames', () => {
  let videoId: VideoId
  let segments: readonly TimelineSegment[]
  let video: Awaited<ReturnType<typeof untilSettled>>

  beforeAll(async () => {
    const file = await makeVideo(
      path.join(pipeline.storageDir, 'source.mp4'),
      { seconds: 20, size: '1280x720', rate: 30 },
      ...h264(30),
      '-an',
    )
    videoId = await addVideo(pipeline.database)
    segments = await storeOriginal(pipeline.store, videoId, file, {
      gopSeconds: 2,
      frameRate: 30,
      frames: 600,
      width: 1280,
      height: 720,
    })
    await using _ = await pipeline.work()
    await pipeline.planner.completeTimeline(videoId)
    video = await untilSettled(pipeline, videoId)
  })

  it('is ready with the original and the rungs below it', () => {
    expect(video).toMatchObject({
      state: 'ready',
      progress: 100,
      playable: true,
      hasPoster: true,
      durationSeconds: 20,
      failureCode: null,
    })
    expect(video.renditions.map(({ name, state, width, height }) => [name, state, width, height])).toEqual([
      ['original', 'ready', 1280, 720],
      ['480p', 'ready', 854, 480],
      ['360p', 'ready', 640, 360],
      ['240p', 'ready', 426, 240],
    ])
  })

  it.each(['480p', '360p', '240p'])(
    'has all 600 frames in %s, at the times of the original, a keyframe at each boundary',
    async (rendition) => {
      const file = path.join(pipeline.storageDir, `${rendition}.mp4`)
      const original = path.join(pipeline.storageDir, 'original.mp4')
      await writeFile(file, await joinRendition(pipeline.store, videoId, rendition))
      await writeFile(original, await joinRendition(pipeline.store, videoId, 'original'))
      const [packets, source] = await Promise.all([readPackets(file), readPackets(original)])
      expect(packets).toHaveLength(600)
      // ffprobe shifts both by their own composition offsets.
      const [first, sourceFirst] = [packets[0]?.pts ?? 0, source[0]?.pts ?? 0]
      const off = packets.map(({ pts }, i) => Math.abs(pts - first - ((source[i]?.pts ?? 0) - sourceFirst)))
      expect(Math.max(...off)).toBeLessThan(0.001)
      const keys = packets.filter(({ key }) => key).map(({ pts }) => Math.round((pts - first) * 1000) / 1000)
      expect(keys).toEqual(segments.map(({ start }) => start))
    },
  )

  it('is counted, and compared with its source', () => {
    for (const { name, frames, ssim, lowestSsim } of video.renditions.slice(1)) {
      expect(frames, name).toBe(600)
      expect(ssim, name).toBeGreaterThan(0.9)
      expect(ssim, name).toBeGreaterThanOrEqual(lowestSsim ?? 1)
    }
  })

  it('has measured rates and sizes', async () => {
    for (const { name, bandwidth, averageBandwidth, bytes, codecs } of video.renditions) {
      const joined = await joinRendition(pipeline.store, videoId, name)
      const init = await pipeline.store.read(
        mediaKeys.init(videoId, name, name === 'original' ? 0 : undefined),
      )
      expect(Number(bytes)).toBe(joined.byteLength - (init?.byteLength ?? 0))
      expect(averageBandwidth).toBe(Math.ceil((Number(bytes) * 8) / 20))
      expect(bandwidth).toBeGreaterThanOrEqual(averageBandwidth ?? 0)
      expect(codecs).toMatch(name === 'original' ? /^avc1\./ : /^avc1\.6400/)
    }
  })

  it('has playlists that keep every rule', async () => {
    expect(await faultsOfAll(pipeline)).toEqual([])
  })

  it('has a poster that is a JPEG no wider than 1280', async () => {
    const named = () => pipeline.database.video.findUniqueOrThrow({ where: { id: videoId } })
    await expect.poll(async () => (await named()).posterName).not.toBeNull()
    const { posterName } = await named()
    const poster = await pipeline.store.read(mediaKeys.posterPicture(videoId, posterName ?? '', 'page'))
    expect(poster?.subarray(0, 3).toString('hex')).toBe('ffd8ff')
    const file = path.join(pipeline.storageDir, 'poster.jpg')
    await writeFile(file, poster ?? '')
    expect(await readPackets(file)).toHaveLength(1)
  })

  it('asked for the lowest rung of every part before the others', async () => {
    const jobs = await pipeline.jobs.list({ videoId, limit: 50 })
    const encodes = jobs.items.filter(({ kind }) => kind === 'encode-chunk')
    expect(encodes.every(({ state, attempts }) => state === 'done' && attempts === 1)).toBe(true)
    const priorities = (rungs: readonly string[]) =>
      encodes
        .filter(({ subject }) => rungs.some((rung) => subject.startsWith(`${rung},`)))
        .map(({ priority }) => priority)
    expect([priorities(['240p']).length, priorities(['360p', '480p']).length]).toEqual([3, 6])
    // Which of two encoders began first is chance; which is given out first is not.
    expect(Math.min(...priorities(['240p']))).toBeGreaterThan(Math.max(...priorities(['360p', '480p'])))
  })

  it('changes nothing when everything is asked for again', async () => {
    const before = await pipeline.database.chunk.findMany({ where: { videoId }, orderBy: { id: 'asc' } })
    await using _ = await pipeline.work()
    await pipeline.planner.completeTimeline(videoId)
    for (let index = 0; index < 3; index++) {
      const data = { videoId, index, renditions: ['480p', '360p', '240p'] }
      await pipeline.handlers['encode-chunk']({
        id: 'again',
        data,
        attempt: 1,
        isLastAttempt: false,
        signal: AbortSignal.timeout(150_000),
      })
    }
    expect(await pipeline.database.chunk.findMany({ where: { videoId }, orderBy: { id: 'asc' } })).toEqual(
      before,
    )
  })
})
