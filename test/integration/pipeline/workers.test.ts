/** Workers that race, die, lose their lease or their database rows: nothing is lost, nothing is made twice wrongly. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId, type VideoId } from '../../../src/kernel/ids.ts'
import { MAX_CHUNK_ATTEMPTS } from '../../../src/pipeline/chunk-states.ts'
import { startWorker } from '../../../src/pipeline/worker.ts'
import { h264, joinRendition, makeVideo, readPackets, storeOriginal } from '../../support/media.ts'
import {
  addVideo,
  openTestPipeline,
  silent,
  type TestPipeline,
  until,
  untilSettled,
} from '../../support/pipeline.ts'
import { createTestDatabase } from '../../support/postgres.ts'

let folder: string
let source: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-workers-'))
  source = await makeVideo(
    path.join(folder, 'source.mp4'),
    { seconds: 10, size: '640x400', rate: 25 },
    ...h264(25),
    '-an',
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A pipeline of its own: its queue holds nothing of other tests. */
async function openPipeline() {
  await using opening = new AsyncDisposableStack()
  const db = opening.use(await createTestDatabase())
  const pipeline = opening.use(await openTestPipeline(db.url))
  const open = opening.move()
  return { ...pipeline, url: db.url, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

/** 10 s in two chunks, rungs 360p and 240p, planned but not made. */
async function plannedVideo(pipeline: TestPipeline): Promise<VideoId> {
  const videoId = await addVideo(pipeline.database)
  await storeOriginal(pipeline.store, videoId, source, {
    gopSeconds: 2,
    frameRate: 25,
    frames: 250,
    width: 640,
    height: 400,
  })
  await pipeline.planner.completeTimeline(videoId)
  return videoId
}

const job = (videoId: VideoId, index: number, renditions: readonly string[]) => ({
  id: newId(),
  data: { videoId, index, renditions },
  attempt: 1,
  isLastAttempt: false,
  signal: AbortSignal.timeout(150_000),
})

async function frames(pipeline: TestPipeline, videoId: VideoId, rendition: string): Promise<number> {
  const file = path.join(pipeline.storageDir, `${videoId}-${rendition}.mp4`)
  await writeFile(file, await joinRendition(pipeline.store, videoId, rendition))
  return (await readPackets(file)).length
}

/** Processes of ffmpeg, no launcher any more, that make chunks for a pipeline with that storage folder. */
function encodersIn(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    const line = procFile(pid, 'cmdline').replaceAll('\0', ' ')
    return /^\S*\/ffmpeg\s/.test(line) && line.includes(`${folder}/tmp/chunk-`)
  })
}

function procFile(pid: string, name: 'cmdline' | 'stat'): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}

/** Resolves with an encoder that was stopped in the middle of its work: it will not get done by itself. */
async function heldEncoder(folder: string): Promise<string> {
  // proc_pid_stat(5): pid (comm) state; T is a process that a signal stopped.
  const isHeld = (pid: string) => procFile(pid, 'stat').split(') ').at(-1)?.startsWith('T') === true
  const held = () => {
    const encoders = encodersIn(folder)
    for (const pid of encoders) {
      try {
        process.kill(Number(pid), 'SIGSTOP')
      } catch {
        // It was faster.
      }
    }
    return encoders.find(isHeld)
  }
  let pid: string | undefined
  await expect.poll(() => (pid = held()), { interval: 5 }).toBeDefined()
  return pid ?? ''
}

/** For the queue and the chunks: what is longer than a heartbeat may fail to come, and than a lease. */
async function elevenSecondsPass({ database }: TestPipeline): Promise<void> {
  const ago = '11 seconds'
  await database.$executeRaw`
    UPDATE pgboss.job SET heartbeat_on = heartbeat_on - ${ago}::interval WHERE state = 'active'`
  await database.$executeRaw`
    UPDATE chunks SET lease_until = lease_until - ${ago}::interval WHERE state = 'encoding'`
}

describe('two workers', () => {
  it('racing for one chunk make it once', async () => {
    await using pipeline = await openPipeline()
    const videoId = await plannedVideo(pipeline)
    const handler = pipeline.handlers['encode-chunk']
    await Promise.all([
      handler(job(videoId, 0, ['360p', '240p'])),
      handler(job(videoId, 0, ['360p', '240p'])),
      handler(job(videoId, 0, ['240p'])),
    ])
    const rows = await pipeline.database.chunk.findMany({ where: { videoId, index: 0 } })
    expect(rows.map(({ state, attempts }) => [state, attempts])).toEqual([
      ['ready', 1],
      ['ready', 1],
    ])
  })

  it('of which one lost its lease cannot overwrite what the other made', async () => {
    await using pipeline = await openPipeline()
    const videoId = await plannedVideo(pipeline)
    const { chunks } = pipeline
    const slow = await chunks.claim(videoId, 0, ['240p'], 'slow', 1)
    const [chunk] = slow.claimed
    const fast = await until(pipeline, async () => {
      const claim = await chunks.claim(videoId, 0, ['240p'], 'fast', 60_000)
      return claim.claimed.length > 0 ? claim : delay(5).then(() => undefined)
    })
    expect(fast.claimed[0]).toMatchObject({ attempts: 1, deaths: 1 })
    expect(await chunks.renew('slow', 60_000)).toBe(false)
    expect(
      await chunks.complete(videoId, chunk?.id ?? '', 'slow', {
        bytes: 1,
        peakBandwidth: 1,
        frames: 60,
        keyframes: [],
        codecs: 'avc1.640015',
      }),
    ).toBe(false)
    await chunks.fail(videoId, chunk?.id ?? '', 'slow', 'too late')
    expect(await chunks.find(videoId, '240p', 0)).toMatchObject({ state: 'encoding' })
    expect(
      await chunks.complete(videoId, chunk?.id ?? '', 'fast', {
        bytes: 7,
        peakBandwidth: 1,
        frames: 60,
        keyframes: [],
        codecs: 'avc1.640015',
      }),
    ).toBe(true)
    expect(await chunks.find(videoId, '240p', 0)).toMatchObject({ state: 'ready', bytes: 7 })
  })
})

describe('a worker process', () => {
  it('killed in mid-encode leaves no encoder behind, and another one finishes its work (pain 22)', async () => {
    await using pipeline = await openPipeline()
    const videoId = await plannedVideo(pipeline)
    const child = spawn(
      process.execPath,
      [path.join(import.meta.dirname, '../../support/worker-process.ts'), pipeline.url, pipeline.storageDir],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let encoder: string
    try {
      encoder = await heldEncoder(pipeline.storageDir)
    } finally {
      child.kill('SIGKILL')
    }
    await once(child, 'exit')
    await expect.poll(() => encodersIn(pipeline.storageDir)).not.toContain(encoder)
    const killed = await pipeline.database.chunk.findMany({ where: { videoId, state: 'encoding' } })
    expect(killed.length).toBeGreaterThan(0)

    await elevenSecondsPass(pipeline)
    await using _ = await pipeline.work()
    const video = await untilSettled(pipeline, videoId)
    expect(video.state).toBe('ready')
    for (const rendition of ['360p', '240p']) expect(await frames(pipeline, videoId, rendition)).toBe(250)
  })

  it('that stops in order gives its chunks back without counting the attempt', async () => {
    await using pipeline = await openPipeline()
    const videoId = await plannedVideo(pipeline)
    const worker = await pipeline.work()
    await heldEncoder(pipeline.storageDir)
    await worker[Symbol.asyncDispose]()
    expect(encodersIn(pipeline.storageDir)).toEqual([])
    const rows = await pipeline.database.chunk.findMany({ where: { videoId, state: { not: 'ready' } } })
    expect(rows.length).toBeGreaterThan(0)
    expect(
      rows.every(
        ({ state, attempts, attemptId }) => state === 'waiting' && attempts === 0 && attemptId === null,
      ),
    ).toBe(true)
  })
})

describe('a chunk that cannot be made', () => {
  it('fails only its own quality, with a reason, and can be tried again', async () => {
    await using pipeline = await openPipeline()
    const videoId = await plannedVideo(pipeline)
    const { database, jobs } = pipeline
    const rendition = await database.rendition.findFirstOrThrow({ where: { videoId, name: '360p' } })
    const good = rendition.settings as { width: number }
    // x264 takes no odd width in 4:2:0.
    await database.rendition.update({
      where: { id: rendition.id },
      data: { settings: { ...good, width: 577 } },
    })
    // All but the last attempt are spent already.
    await database.chunk.updateMany({
      where: { renditionId: rendition.id },
      data: { attempts: MAX_CHUNK_ATTEMPTS - 1 },
    })
    await using _ = await pipeline.work()
    const video = await untilSettled(pipeline, videoId)
    expect(video.state).toBe('ready')
    expect(video.renditions.map(({ name, state }) => [name, state])).toEqual([
      ['original', 'ready'],
      ['360p', 'failed'],
      ['240p', 'ready'],
    ])
    expect(video.renditions[1]?.failure).toMatch(/^ffmpeg failed: /)
    expect(await frames(pipeline, videoId, '240p')).toBe(250)

    const failed = await until(pipeline, async () => {
      const { items } = await jobs.list({ videoId, state: 'failed', limit: 10 })
      return items[0] ?? delay(50).then(() => undefined)
    })
    expect(failed).toMatchObject({
      kind: 'encode-chunk',
      reason: expect.stringMatching(/^ffmpeg failed: /),
      log: expect.stringMatching(/width/i),
    })
    await database.rendition.update({ where: { id: rendition.id }, data: { settings: good } })
    await jobs.retry(failed.id)
    const again = await until(pipeline, async () => {
      const row = await database.rendition.findFirstOrThrow({ where: { id: rendition.id } })
      return row.state === 'ready' ? row : undefined
    })
    expect(again.failure).toBeNull()
    expect(await frames(pipeline, videoId, '360p')).toBe(250)
  })
})

describe('a start', () => {
  it('finds work that no job asks for', async () => {
    await using pipeline = await openPipeline()
    const videoId = await plannedVideo(pipeline)
    await pipeline.database.$executeRaw`DELETE FROM pgboss.job`
    await using _ = await pipeline.work()
    expect((await untilSettled(pipeline, videoId)).state).toBe('ready')
  })

  it('plans what a crash left unplanned', async () => {
    await using pipeline = await openPipeline()
    const videoId = await addVideo(pipeline.database)
    await storeOriginal(pipeline.store, videoId, source, {
      gopSeconds: 2,
      frameRate: 25,
      frames: 250,
      width: 640,
      height: 400,
    })
    await using _ = await pipeline.work()
    expect((await untilSettled(pipeline, videoId)).state).toBe('ready')
  })

  it('is refused when a kind of job has no handler', async () => {
    await using pipeline = await openPipeline()
    const { 'make-poster': _, ...handlers } = pipeline.handlers
    const parts = {
      ...pipeline,
      handlers: handlers as typeof pipeline.handlers,
      concurrency: 1,
      logger: silent,
    }
    await expect(startWorker(parts)).rejects.toThrow('no handler for jobs of kind make-poster')
  })
})
