/** What is made beforehand and what is kept: by the site's policy, by a channel's own, and what a change does to what is there. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { compareMedia } from '../../../src/command-line/storage-check/media.ts'
import { makeChunkStore } from '../../../src/database/chunks.ts'
import type { Database } from '../../../src/database/client.ts'
import { makeInventory } from '../../../src/database/inventory.ts'
import { openJobQueue, type PostgresJobQueue } from '../../../src/database/queue.ts'
import { makeEvictionStore } from '../../../src/database/rendition-evictions.ts'
import { applyPolicies, makeRenditionPolicyStore } from '../../../src/database/rendition-policies.ts'
import type { ChannelId, VideoId } from '../../../src/kernel/ids.ts'
import { FileStore } from '../../../src/media/file-store.ts'
import { makeStoragePaths, mediaKeys } from '../../../src/media/layout.ts'
import { evictUnwatched } from '../../../src/pipeline/rendition-keeper.ts'
import { EAGER, type RenditionPolicy } from '../../../src/pipeline/rendition-policy.ts'
import { h264, makeVideo, storeOriginal } from '../../support/media.ts'
import {
  addChannel,
  addVideo,
  openTestPipeline,
  silent,
  until,
  untilSettled,
} from '../../support/pipeline.ts'
import { addPlanned } from '../../support/planned-chunks.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

const LAZY: RenditionPolicy = { lazy: true, keepDays: 0 }
const WEEK: RenditionPolicy = { lazy: false, keepDays: 7 }
const signal = () => AbortSignal.timeout(150_000)

let folder: string
let db: TestDatabase
let prisma: Database
let queue: PostgresJobQueue
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-policies-'))
  db = await createTestDatabase()
  prisma = db.prisma
  queue = await openJobQueue({ url: db.url, log: silent })
})
afterAll(async () => {
  await queue[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  await prisma.user.deleteMany()
})

/** By rendition, how many chunks are in which state: "240p ready": 2. */
async function standing(database: Database, videoId: VideoId): Promise<Readonly<Record<string, number>>> {
  const rows = await database.chunk.findMany({ where: { videoId }, include: { rendition: true } })
  const counts: Record<string, number> = {}
  for (const { rendition, state } of rows) {
    const key = `${rendition.name} ${state}`
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)

describe('a lazy site', () => {
  it('makes the lowest quality and what is watched, is ready with it, and makes again what was removed', async () => {
    await using own = await createTestDatabase()
    await using pipeline = await openTestPipeline(own.url, { policy: LAZY })
    const { database, demand, store } = pipeline
    const source = await makeVideo(
      path.join(folder, 'source.mp4'),
      { seconds: 20, size: '640x400', rate: 5 },
      ...h264(5),
      '-an',
    )
    const videoId = await addVideo(database)
    await storeOriginal(store, videoId, source, {
      gopSeconds: 2,
      frameRate: 5,
      frames: 100,
      width: 640,
      height: 400,
    })
    await pipeline.planner.completeTimeline(videoId)
    expect(await standing(database, videoId)).toEqual({ '240p waiting': 3, '360p deferred': 3 })

    await using _ = await pipeline.work()
    const video = await untilSettled(pipeline, videoId)
    expect(video.state).toBe('ready')
    expect(video.renditions.map(({ name, state }) => [name, state])).toEqual([
      ['original', 'ready'],
      ['360p', 'planned'],
      ['240p', 'ready'],
    ])
    const patience = { signal: signal(), timeoutMs: 120_000 }
    await demand.demandSegment(videoId, '360p', 9, patience)
    expect(await standing(database, videoId)).toEqual({
      '240p ready': 3,
      '360p ready': 1,
      '360p deferred': 2,
    })
    const planned = { videoId, name: '360p', state: 'planned' } as const
    expect(await database.rendition.count({ where: planned })).toBe(1)

    // A while later.
    const old = { createdAt: daysAgo(9), lastViewedAt: daysAgo(8) }
    await database.rendition.updateMany({ where: { videoId }, data: old })
    await database.video.update({ where: { id: videoId }, data: { readyAt: daysAgo(9) } })
    const evictions = makeEvictionStore(database, WEEK)
    expect(await evictUnwatched({ evictions, store, logger: silent }, signal())).toBe(1)
    expect(await standing(database, videoId)).toEqual({ '240p ready': 3, '360p deferred': 3 })
    expect(await store.stat(mediaKeys.segment(videoId, '360p', 9))).toBeUndefined()
    for (const rendition of ['240p', 'original'])
      expect(await store.stat(mediaKeys.segment(videoId, rendition, 9))).toBeDefined()
    // What was removed is not lost.
    const found = await compareMedia({
      paths: makeStoragePaths(pipeline.storageDir),
      mediaDir: path.join(pipeline.storageDir, 'media'),
      store,
      inventory: makeInventory(database),
      rebuild: async () => undefined,
    })
    expect(found).toEqual([])

    for (const segment of [0, 4, 8]) await demand.demandSegment(videoId, '360p', segment, patience)
    const whole = await until(pipeline, async () => {
      const row = await database.rendition.findFirstOrThrow({ where: { videoId, name: '360p' } })
      return row.state === 'ready' ? row : undefined
    })
    expect(whole.evictedAt).toBeNull()
    expect(await standing(database, videoId)).toEqual({ '240p ready': 3, '360p ready': 3 })
  })
})

describe('a change of policy', () => {
  it('takes effect for what is there: kept back, or made after all', async () => {
    const videoId = await addPlanned(prisma, { channelId: await addChannel(prisma), chunks: 2 })
    await prisma.chunk.updateMany({ where: { videoId, index: 0 }, data: { state: 'ready' } })
    expect(await applyPolicies(prisma, LAZY)).toBe(1)
    expect(await applyPolicies(prisma, LAZY)).toBe(0)
    expect(await standing(prisma, videoId)).toEqual({
      '240p ready': 1,
      '240p waiting': 1,
      '480p ready': 1,
      '480p deferred': 1,
    })
    expect(await applyPolicies(prisma, EAGER)).toBe(1)
    expect(await standing(prisma, videoId)).toMatchObject({ '480p waiting': 1 })
  })

  it('of one channel counts before that of the site, and for it alone', async () => {
    const [ada, bob] = [await addChannel(prisma), await addChannel(prisma)]
    const hers = await addPlanned(prisma, { channelId: ada, chunks: 1 })
    const his = await addPlanned(prisma, { channelId: bob, chunks: 1 })
    const chunks = makeChunkStore(prisma, queue)
    const store = makeRenditionPolicyStore(prisma, EAGER, () => chunks.requeueOrphans())
    await store.set(ada as ChannelId, { policy: 'lazy', keepDays: 30 })
    expect(await store.find(ada as ChannelId)).toMatchObject({ policy: 'lazy', keepDays: 30 })
    expect(await standing(prisma, hers)).toEqual({ '240p waiting': 1, '480p deferred': 1 })
    expect(await standing(prisma, his)).toEqual({ '240p waiting': 1, '480p waiting': 1 })
    // The site becomes lazy; she has become eager by then.
    await store.set(ada as ChannelId, { policy: 'eager', keepDays: undefined })
    await applyPolicies(prisma, LAZY)
    expect(await standing(prisma, hers)).toEqual({ '240p waiting': 1, '480p waiting': 1 })
    expect(await standing(prisma, his)).toEqual({ '240p waiting': 1, '480p deferred': 1 })
  })
})

describe('what nobody watches', () => {
  async function made(keepDays: number | null, viewed: Readonly<Record<string, Date | null>>) {
    const channelId = await addChannel(prisma)
    await prisma.channel.update({ where: { id: channelId }, data: { renditionKeepDays: keepDays } })
    const rungs = ['240p', ...Object.keys(viewed)]
    const videoId = await addPlanned(prisma, {
      channelId,
      chunks: 3,
      state: 'ready',
      rungs,
      chunkState: 'ready',
    })
    await prisma.video.update({ where: { id: videoId }, data: { readyAt: daysAgo(400) } })
    await prisma.rendition.updateMany({ where: { videoId }, data: { createdAt: daysAgo(400) } })
    for (const [name, lastViewedAt] of Object.entries(viewed))
      await prisma.rendition.updateMany({ where: { videoId, name }, data: { lastViewedAt } })
    return videoId
  }
  const evict = (site: RenditionPolicy) => {
    const evictions = makeEvictionStore(prisma, site)
    return evictUnwatched({ evictions, store: new FileStore(folder), logger: silent }, signal())
  }

  it('goes after as many days as are set, by the site or the channel, and never while somebody watches', async () => {
    const bySite = await made(null, { '480p': daysAgo(8), '720p': daysAgo(6), '1080p': null })
    const byChannel = await made(30, { '480p': daysAgo(31), '720p': daysAgo(29) })
    const kept = await made(0, { '480p': daysAgo(399) })
    expect(await evict(WEEK)).toBe(3)
    expect(await standing(prisma, bySite)).toEqual({
      '240p ready': 3,
      '480p deferred': 3,
      '720p ready': 3,
      '1080p deferred': 3,
    })
    expect(await standing(prisma, byChannel)).toEqual({
      '240p ready': 3,
      '480p deferred': 3,
      '720p ready': 3,
    })
    expect(await standing(prisma, kept)).toEqual({ '240p ready': 3, '480p ready': 3 })
    expect(await evict(WEEK)).toBe(0)
    // An eager site does not make at once what it has just removed.
    expect(await applyPolicies(prisma, WEEK)).toBe(0)
    expect(await evict(EAGER)).toBe(0)
  })

  it('stays when somebody begins to watch at that moment, or an encoder is at it', async () => {
    const videoId = await made(7, { '480p': daysAgo(8), '720p': daysAgo(8) })
    const evictions = makeEvictionStore(prisma, EAGER)
    const found = await evictions.findUnwatched(10)
    expect(found.map(({ name }) => name)).toEqual(['480p', '720p'])
    await evictions.noteView(videoId, '480p')
    const [first, second] = found
    if (!first || !second) throw new Error('there are two')
    expect(await evictions.hold(first, 'keeper', 60_000, 10)).toEqual([])
    await prisma.chunk.updateMany({
      where: { renditionId: second.id, index: 0 },
      data: { state: 'encoding', attemptId: 'x', leaseUntil: new Date(Date.now() + 60_000) },
    })
    expect(await evictions.hold(second, 'keeper', 60_000, 10)).toEqual([])
    expect(await evict(EAGER)).toBe(0)
  })

  it('is never said to be there while its files are going, also when that is cut off', async () => {
    const videoId = await made(7, { '480p': daysAgo(8) })
    const evictions = makeEvictionStore(prisma, EAGER)
    const [rendition] = await evictions.findUnwatched(10)
    if (!rendition) throw new Error('there is one')
    expect(await evictions.hold(rendition, 'killed', 60_000, 2)).toHaveLength(2)
    expect(await standing(prisma, videoId)).toEqual({ '240p ready': 3, '480p encoding': 2, '480p ready': 1 })
    // A viewer waits until it is decided; who removes is dead, and its hold runs out.
    await prisma.chunk.updateMany({
      where: { attemptId: 'killed' },
      data: { leaseUntil: new Date(Date.now() - 1) },
    })
    const chunks = makeChunkStore(prisma, queue)
    expect((await chunks.claim(videoId, 0, ['480p'], 'viewer', 60_000)).claimed).toHaveLength(1)
    await evictions.letGo(rendition, 'killed')
    expect(await chunks.find(videoId, '480p', 0)).toMatchObject({ state: 'encoding' })
  })
})
