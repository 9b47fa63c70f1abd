/** Jobs as people see and steer them: why each waits, how far it is, what ffmpeg said, and stopping a queue. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeChunkStore } from '../../../src/database/chunks.ts'
import { makeJobCatalogue } from '../../../src/database/job-catalogue.ts'
import { openJobQueue, type PostgresJobQueue } from '../../../src/database/queue.ts'
import { makeQueuePauses } from '../../../src/database/queue-pauses.ts'
import { makeWorkerRegistry } from '../../../src/database/workers.ts'
import type { VideoId } from '../../../src/kernel/ids.ts'
import type { ChunkStore } from '../../../src/pipeline/catalogue.ts'
import type { JobCatalogue } from '../../../src/pipeline/job-catalogue.ts'
import { untilResumed } from '../../../src/pipeline/queue-pauses.ts'
import type { WorkerPulse } from '../../../src/pipeline/worker-registry.ts'
import { addChannel, silent } from '../../support/pipeline.ts'
import { addPlanned, RESULT } from '../../support/planned-chunks.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

let db: TestDatabase
let queue: PostgresJobQueue
let chunks: ChunkStore
let jobs: JobCatalogue
beforeAll(async () => {
  db = await createTestDatabase()
  queue = await openJobQueue({ url: db.url, log: silent })
  chunks = makeChunkStore(db.prisma, queue)
  jobs = makeJobCatalogue(db.prisma, queue)
})
afterAll(async () => {
  await queue[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await db.prisma.user.deleteMany()
  await db.prisma.worker.deleteMany()
  await db.prisma.queuePause.deleteMany()
  await db.prisma.$executeRaw`DELETE FROM pgboss.job`
})

async function addWorker(pulse: Partial<WorkerPulse> = {}, id = 'worker-1'): Promise<void> {
  await makeWorkerRegistry(db.prisma).beat(
    { id, host: 'h', pid: 1, version: '1', kinds: [], encoders: [], processors: 2, concurrency: 2 },
    { state: 'working', trouble: undefined, running: 0, held: {}, load: 0, freeBytes: 0, ...pulse },
  )
}

/** By subject: why it does not go on. */
async function reasons(videoId: VideoId): Promise<Readonly<Record<string, string | null>>> {
  const { items } = await jobs.list({ videoId, limit: 50 })
  return Object.fromEntries(items.map(({ subject, why }) => [subject, why]))
}

describe('a job that waits says why', () => {
  it('since others come first, by how many', async () => {
    await addWorker()
    const [ada, bob] = [await addChannel(db.prisma), await addChannel(db.prisma)]
    const first = await addPlanned(db.prisma, { channelId: ada, chunks: 3, rungs: ['240p'] })
    expect(await reasons(first)).toEqual({
      '240p, seconds 0 to 8': 'It is next.',
      '240p, seconds 8 to 16': 'One other comes first.',
      '240p, seconds 16 to 24': '2 others come first.',
    })
    const second = await addPlanned(db.prisma, { channelId: bob, chunks: 1 })
    // In turns: his first is not behind all of hers.
    const own = await reasons(second)
    expect(['It is next.', 'One other comes first.']).toContain(own['240p, seconds 0 to 8'])
    expect(own['480p, seconds 0 to 8']).toBe('4 others come first.')
  })

  it('since no worker is running, or none that can work (pain 26)', async () => {
    const videoId = await addPlanned(db.prisma, {
      channelId: await addChannel(db.prisma),
      chunks: 1,
      rungs: ['240p'],
    })
    const why = async () => (await reasons(videoId))['240p, seconds 0 to 8']
    expect(await why()).toBe('No worker is running.')
    await addWorker({ state: 'unfit', trouble: 'ffmpeg does not run.' })
    expect(await why()).toBe('No worker can work: ffmpeg does not run.')
    await addWorker({ state: 'drained' })
    expect(await why()).toMatch(/drained/)
    await addWorker()
    expect(await why()).toBe('It is next.')
    await db.prisma.worker.updateMany({ data: { seenAt: new Date(Date.now() - 60_000) } })
    expect(await why()).toBe('No worker is running.')
  })

  it('since there is no room on the disk, or the processors are busy (pain 27)', async () => {
    const videoId = await addPlanned(db.prisma, {
      channelId: await addChannel(db.prisma),
      chunks: 1,
      rungs: ['240p'],
    })
    const why = async () => (await reasons(videoId))['240p, seconds 0 to 8']
    await addWorker({ held: { 'encode-chunk': 'the disk is getting full (warn)' } })
    expect(await why()).toBe('The disk is getting full (warn).')
    // As long as one of them has room it is only a matter of turns.
    await addWorker({}, 'worker-2')
    expect(await why()).toBe('It is next.')
    await queue.send([{ kind: 'process-upload', priority: 1, data: { videoId } }])
    await db.prisma
      .$executeRaw`UPDATE pgboss.job SET state = 'active', started_on = now() WHERE name = 'process-upload'`
    await addWorker({
      held: {
        [`process-upload ${videoId}`]: 'there is no room for it on the disk: 3.1 GiB more have to be free',
      },
    })
    expect((await reasons(videoId))['look at the file and decide how it is played']).toBe(
      'There is no room for it on the disk: 3.1 GiB more have to be free.',
    )
  })

  it('since it has just failed, with the last lines of ffmpeg', async () => {
    await addWorker()
    const videoId = await addPlanned(db.prisma, {
      channelId: await addChannel(db.prisma),
      chunks: 1,
      rungs: ['240p'],
    })
    const claim = await chunks.claimNext('first', 60_000)
    const id = claim?.claimed[0]?.id ?? ''
    const log = 'line 1\nError while decoding'
    await chunks.release(id, 'first', 'ffmpeg failed: Error while decoding', { afterMs: 60_000, log })
    expect(await jobs.find(id)).toMatchObject({
      state: 'retrying',
      attempts: 1,
      reason: 'ffmpeg failed: Error while decoding',
      log,
      why: expect.stringMatching(/^It is tried again at \d\d:\d\d:\d\d UTC\.$/),
    })
    await db.prisma.chunk.updateMany({ where: { videoId }, data: { retryAt: null } })
    await chunks.claimNext('second', 60_000)
    await chunks.fail(videoId, id, 'second', 'ffmpeg failed: Error while decoding', log)
    expect(await jobs.find(id)).toMatchObject({ state: 'failed', log, why: null })
  })

  it('since its queue is paused, also after a restart', async () => {
    await addWorker()
    const videoId = await addPlanned(db.prisma, {
      channelId: await addChannel(db.prisma),
      chunks: 1,
      rungs: ['240p'],
    })
    const why = async () => (await reasons(videoId))['240p, seconds 0 to 8']
    await makeQueuePauses(db.prisma).pause('encode-chunk', null)
    await makeQueuePauses(db.prisma).pause('encode-chunk', null)
    // Another process.
    const pauses = makeQueuePauses(db.prisma)
    expect(await pauses.list()).toMatchObject([{ kind: 'encode-chunk', pausedAt: expect.any(Date) }])
    expect(await why()).toBe('An administrator has paused this queue.')
    let passed = false
    const passing = untilResumed(pauses, 'encode-chunk', AbortSignal.timeout(60_000)).then(() => {
      passed = true
    })
    // What viewers wait for is made all the same.
    await untilResumed({ isPaused: async () => true }, 'encode-now', AbortSignal.timeout(60_000))
    await expect(
      untilResumed(pauses, 'encode-chunk', AbortSignal.abort(new Error('stopping'))),
    ).rejects.toThrow()
    expect(passed).toBe(false)
    await pauses.resume('encode-chunk')
    await passing
    expect(await why()).toBe('It is next.')
  })
})

describe('a job that runs', () => {
  it('says how far it is, how fast and how long it takes, with the renewal of its lease', async () => {
    const videoId = await addPlanned(db.prisma, {
      channelId: await addChannel(db.prisma),
      chunks: 1,
      rungs: ['240p'],
    })
    const claim = await chunks.claimNext('first', 60_000)
    const id = claim?.claimed[0]?.id ?? ''
    expect(await jobs.find(id)).toMatchObject({
      state: 'running',
      percent: 0,
      speed: null,
      secondsLeft: null,
    })
    await chunks.renew('first', 60_000, { made: 0.25, speed: 3 })
    await chunks.renew('first', 60_000)
    expect(await jobs.running(10)).toMatchObject([
      { id, videoId, state: 'running', percent: 25, speed: 3, secondsLeft: 2, why: null },
    ])
    await chunks.complete(videoId, id, 'first', RESULT)
    expect(await jobs.running(10)).toEqual([])
    expect(await jobs.find(id)).toMatchObject({ state: 'done', percent: null, finishedAt: expect.any(Date) })
  })

  it('is not done because its worker is gone: nothing counts before it is verified (pain 23)', async () => {
    const videoId = await addPlanned(db.prisma, {
      channelId: await addChannel(db.prisma),
      chunks: 1,
      rungs: ['240p'],
    })
    const claim = await chunks.claimNext('dead', 60_000)
    const id = claim?.claimed[0]?.id ?? ''
    await db.prisma.chunk.updateMany({ where: { id }, data: { leaseUntil: new Date(Date.now() - 1) } })
    expect(await chunks.complete(videoId, id, 'somebody-else', RESULT)).toBe(false)
    expect((await jobs.find(id))?.state).toBe('running')
    await chunks.claimNext('living', 60_000)
    // The dead one comes back to life and says that it is done.
    expect(await chunks.complete(videoId, id, 'dead', RESULT)).toBe(false)
    expect((await jobs.find(id))?.state).toBe('running')
    expect(await chunks.complete(videoId, id, 'living', RESULT)).toBe(true)
    expect((await jobs.find(id))?.state).toBe('done')
  })
})

it('jobs are counted by kind and state, the turns of encoders not among them', async () => {
  const videoId = await addPlanned(db.prisma, { channelId: await addChannel(db.prisma), chunks: 2 })
  await chunks.requeueOrphans()
  await queue.send([{ kind: 'make-poster', priority: 1, data: { videoId } }])
  await chunks.claimNext('first', 60_000)
  expect((await jobs.count()).toSorted((a, b) => a.jobs - b.jobs)).toEqual(
    expect.arrayContaining([
      { kind: 'make-poster', state: 'waiting', jobs: 1 },
      { kind: 'encode-chunk', state: 'running', jobs: 1 },
      { kind: 'encode-chunk', state: 'waiting', jobs: 3 },
    ]),
  )
})
