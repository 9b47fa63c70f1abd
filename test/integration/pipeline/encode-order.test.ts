/** What an encoder takes next, with many jobs of many creators in a real database and several encoders at once. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeChunkStore } from '../../../src/database/chunks.ts'
import { openJobQueue, type PostgresJobQueue } from '../../../src/database/queue.ts'
import { uploadPriority } from '../../../src/database/upload-turns.ts'
import { newId, type VideoId } from '../../../src/kernel/ids.ts'
import type { ChunkStore } from '../../../src/pipeline/catalogue.ts'
import { addChannel, silent } from '../../support/pipeline.ts'
import { addPlanned, RESULT } from '../../support/planned-chunks.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

let db: TestDatabase
let queue: PostgresJobQueue
let chunks: ChunkStore
beforeAll(async () => {
  db = await createTestDatabase()
  queue = await openJobQueue({ url: db.url, log: silent })
  chunks = makeChunkStore(db.prisma, queue)
})
afterAll(async () => {
  await queue[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await db.prisma.user.deleteMany()
})

interface Turn {
  readonly videoId: VideoId
  readonly index: number
  readonly renditions: readonly string[]
}

/** An encoder takes what is next and has it made; undefined: there is nothing. */
async function turn(): Promise<Turn | undefined> {
  const attemptId = newId()
  const next = await chunks.claimNext(attemptId, 60_000)
  if (!next) return undefined
  for (const { id } of next.claimed) await chunks.complete(next.videoId, id, attemptId, RESULT)
  return {
    videoId: next.videoId,
    index: next.claimed[0]?.range.index ?? -1,
    renditions: next.claimed.map(({ rendition }) => rendition),
  }
}

async function turns(count: number): Promise<readonly Turn[]> {
  const taken: Turn[] = []
  while (taken.length < count) {
    const one = await turn()
    if (!one) break
    taken.push(one)
  }
  return taken
}

describe('an encoder that is free', () => {
  it('takes the lowest rungs of what is on air, of fresh replays and of uploads, then the other rungs, then what is made again', async () => {
    const { prisma } = db
    const channelId = await addChannel(prisma)
    const again = await addPlanned(prisma, { channelId, chunks: 1, state: 'ready' })
    const upload = await addPlanned(prisma, { channelId, chunks: 1 })
    const edition = await addPlanned(prisma, { channelId, chunks: 1, editionOf: upload })
    const replay = await addPlanned(prisma, { channelId, chunks: 1, origin: 'broadcast' })
    const live = await addPlanned(prisma, { channelId, chunks: 1, origin: 'broadcast', state: 'live' })
    const order = (await turns(20)).map(({ videoId, renditions }) => [videoId, renditions.join()])
    expect(order.slice(0, 6)).toEqual([
      [live, '240p'],
      [replay, '240p'],
      [upload, '240p'],
      [live, '480p'],
      [replay, '480p'],
      [upload, '480p'],
    ])
    expect(order.slice(6, 8).map(([, rung]) => rung)).toEqual(['240p', '240p'])
    expect(new Set(order.slice(6).map(([videoId]) => videoId))).toEqual(new Set([again, edition]))
    expect(order).toHaveLength(10)
  })

  it('takes together what is decoded together', async () => {
    const channelId = await addChannel(db.prisma)
    await addPlanned(db.prisma, { channelId, chunks: 1, rungs: ['240p', '480p', '720p', '1080p'] })
    expect((await turns(9)).map(({ renditions }) => renditions)).toEqual([
      ['240p'],
      ['480p', '720p', '1080p'],
    ])
  })

  it('does not let one creator with fifty uploads keep another one waiting (pain 25)', async () => {
    const { prisma } = db
    const busy = await addChannel(prisma)
    const other = await addChannel(prisma)
    for (let i = 0; i < 50; i++) await addPlanned(prisma, { channelId: busy, chunks: 3 })
    await turns(4)
    const young = await addPlanned(prisma, { channelId: other, chunks: 3 })
    const order = await turns(8)
    const own = order.flatMap(({ videoId }, at) => (videoId === young ? [at] : []))
    // In turns: of the next six three are his, and so his lowest rung is whole.
    expect(own).toHaveLength(3)
    expect(own.at(-1)).toBeLessThanOrEqual(5)
    expect(order.every(({ renditions }) => renditions[0] === '240p')).toBe(true)
  })

  it('does not let a video of ten hours keep another first rung waiting (pain 25)', async () => {
    const { prisma } = db
    const long = await addPlanned(prisma, {
      channelId: await addChannel(prisma),
      // Of them all the first are what counts.
      chunks: 1500,
      origin: 'broadcast',
      rungs: ['240p'],
    })
    await prisma.chunk.updateMany({
      where: { videoId: long, index: { lt: 75 }, lead: true },
      data: { state: 'ready' },
    })
    const young = await addPlanned(prisma, { channelId: await addChannel(prisma), chunks: 2 })
    const order = await turns(4)
    expect(order.filter(({ videoId }) => videoId === young).map(({ index }) => index)).toEqual([0, 1])
  })

  it('goes round the videos of one creator, the earliest parts first', async () => {
    const { prisma } = db
    const channelId = await addChannel(prisma)
    const [a, b] = [
      await addPlanned(prisma, { channelId, chunks: 3 }),
      await addPlanned(prisma, { channelId, chunks: 3 }),
    ]
    const order = await turns(6)
    expect(order.map(({ index }) => index)).toEqual([0, 0, 1, 1, 2, 2])
    expect(new Set(order.slice(0, 2).map(({ videoId }) => videoId))).toEqual(new Set([a, b]))
  })

  it('counts the channels of one person as one creator', async () => {
    const { prisma } = db
    const first = await addChannel(prisma)
    const { ownerId } = await prisma.channel.findUniqueOrThrow({ where: { id: first } })
    const second = await prisma.channel.create({
      data: { id: newId(), ownerId, handle: `second-${first}`, name: 'Second' },
    })
    for (const channelId of [first, second.id]) await addPlanned(prisma, { channelId, chunks: 5 })
    const other = await addPlanned(prisma, { channelId: await addChannel(prisma), chunks: 5 })
    const order = await turns(10)
    expect(order.filter(({ videoId }) => videoId === other)).toHaveLength(5)
  })

  it('leaves what has just failed alone for a while, and what is deferred altogether', async () => {
    const { prisma } = db
    const channelId = await addChannel(prisma)
    await addPlanned(prisma, { channelId, chunks: 2, rungs: ['480p', '720p'], chunkState: 'deferred' })
    const videoId = await addPlanned(prisma, { channelId, chunks: 2, rungs: ['240p'] })
    const next = await chunks.claimNext('first', 60_000)
    await chunks.release(next?.claimed[0]?.id ?? '', 'first', 'It failed.', {
      afterMs: 60_000,
      log: 'x264: no',
    })
    expect(await turn()).toMatchObject({ videoId, index: 1 })
    expect(await turn()).toBeUndefined()
    await prisma.chunk.updateMany({ where: { videoId }, data: { retryAt: new Date(Date.now() - 1) } })
    expect(await turn()).toMatchObject({ videoId, index: 0 })
    expect(await turn()).toBeUndefined()
  })

  it('takes up what a worker left that died', async () => {
    const { prisma } = db
    const videoId = await addPlanned(prisma, {
      channelId: await addChannel(prisma),
      chunks: 1,
      rungs: ['240p'],
    })
    await chunks.claimNext('dead', 60_000)
    expect(await turn()).toBeUndefined()
    await prisma.chunk.updateMany({ where: { videoId }, data: { leaseUntil: new Date(Date.now() - 1) } })
    expect(await turn()).toMatchObject({ videoId, index: 0 })
  })

  it('lets others go first after a second death, and counts none of them as an attempt', async () => {
    const { prisma } = db
    const plan = { channelId: await addChannel(prisma), chunks: 2, rungs: ['240p'] }
    const videoId = await addPlanned(prisma, plan)
    const die = async () => {
      await chunks.claimNext('dead', 60_000)
      await prisma.chunk.updateMany({
        where: { videoId, state: 'encoding' },
        data: { leaseUntil: new Date(Date.now() - 1) },
      })
    }
    await die()
    await die()
    expect(await turn()).toMatchObject({ videoId, index: 1 })
    const first = await prisma.chunk.findFirstOrThrow({ where: { videoId, index: 0 } })
    expect(first).toMatchObject({ state: 'waiting', attempts: 0, deaths: 2 })
  })
})

describe('several encoders at once', () => {
  it('take every chunk once, and creators get equal shares of them', async () => {
    const { prisma } = db
    const busy = await addChannel(prisma)
    for (let i = 0; i < 12; i++) await addPlanned(prisma, { channelId: busy, chunks: 4 })
    const others = [await addChannel(prisma), await addChannel(prisma)]
    const young = new Map<string, string>()
    for (const channelId of others)
      young.set(await addPlanned(prisma, { channelId, chunks: 4, rungs: ['240p'] }), channelId)
    const taken: string[] = []
    const order: VideoId[] = []
    const encoder = async () => {
      for (;;) {
        const attemptId = newId()
        const next = await chunks.claimNext(attemptId, 60_000)
        if (!next) return
        order.push(next.videoId)
        taken.push(...next.claimed.map(({ id }) => id))
        for (const { id } of next.claimed) await chunks.complete(next.videoId, id, attemptId, RESULT)
      }
    }
    await Promise.all(Array.from({ length: 4 }, encoder))
    expect(taken).toHaveLength(12 * 4 * 2 + 8)
    expect(new Set(taken).size).toBe(taken.length)
    // Eight turns of two creators among the turns of three: the races of four encoders cost a few.
    const last = order.findLastIndex((videoId) => young.has(videoId))
    expect(last).toBeLessThan(40)
  })
})

describe('chunks for which no job is there', () => {
  it('get as many as there are too few', async () => {
    const { prisma } = db
    await prisma.$executeRaw`DELETE FROM pgboss.job`
    await addPlanned(prisma, { channelId: await addChannel(prisma), chunks: 5 })
    expect(await chunks.requeueOrphans()).toBe(10)
    expect(await chunks.requeueOrphans()).toBe(0)
    await addPlanned(prisma, { channelId: await addChannel(prisma), chunks: 1 })
    expect(await chunks.requeueOrphans()).toBe(2)
  })
})

describe('uploads that wait to be taken in', () => {
  it('are as urgent as they are few: the second of one person is behind the first of another (pain 25)', async () => {
    const { prisma } = db
    await prisma.$executeRaw`DELETE FROM pgboss.job`
    const [busy, other] = [await addChannel(prisma), await addChannel(prisma)]
    const upload = async (channelId: string) => {
      const videoId = await addPlanned(prisma, { channelId, chunks: 0 })
      return prisma.$transaction(async (tx) => {
        const priority = await uploadPriority(tx, videoId)
        await queue.sendIn(tx, [{ kind: 'process-upload', priority, data: { videoId } }])
        return priority
      })
    }
    const [first, second, third] = [await upload(busy), await upload(busy), await upload(busy)]
    expect(await upload(other)).toBe(first)
    expect(first).toBeGreaterThan(second)
    expect(second).toBeGreaterThan(third)
  })
})
