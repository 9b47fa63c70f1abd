import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { VideoId } from '../../../src/kernel/ids.ts'
import { makeLogger } from '../../../src/kernel/logger.ts'
import { VideoRemoval } from '../../../src/library/video-removal.ts'
import type { SupersededMedia } from '../../../src/library/video-store.ts'
import { makeStoragePaths } from '../../../src/media/layout.ts'

const NOW_MS = Date.UTC(2026, 10, 21)

async function setUp(
  ids: readonly string[],
  { editions, superseded = [] }: { editions?: readonly VideoId[]; superseded?: SupersededMedia[] } = {},
) {
  const dir = await mkdtemp(path.join(tmpdir(), 'reprise-removal-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const steps: string[] = []
  const deleted = new Set(ids)
  const broken = new Set<string>()
  const held: { until: Promise<void> } = { until: Promise.resolve() }
  const removal = new VideoRemoval({
    store: {
      listDeleted: async (limit) =>
        [...deleted].slice(0, limit).map((id) => ({
          id: id as VideoId,
          broadcastId: null,
          uploadId: null,
          editions: id === 'a' && editions ? editions : [],
        })),
      erase: async (id) => {
        steps.push(`rows ${id}`)
        deleted.delete(id)
      },
      listSuperseded: async (before) => (before.getTime() < NOW_MS ? superseded.splice(0) : []),
      forgetSuperseded: async (id) => {
        steps.push(`forget ${id}`)
      },
    },
    media: {
      remove: async (key) => {
        if (broken.has(key)) throw new Error('disk')
        steps.push(`files ${key}`)
      },
    },
    paths: makeStoragePaths(dir),
    stopJobs: async (id, signal) => {
      steps.push(`stop ${id}`)
      await Promise.race([
        held.until,
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      ])
      steps.push(`jobs ${id}`)
    },
    log: makeLogger('silent'),
    now: () => NOW_MS,
  })
  return { removal, steps, deleted, broken, held }
}

describe('removing deleted videos', () => {
  it('stops the work, then takes the files, then the rows', async () => {
    const { removal, steps } = await setUp(['a'])
    removal.begin()
    await removal.settled()
    expect(steps).toEqual(['stop a', 'jobs a', 'files a', 'rows a'])
  })

  it('takes the editions of a video along', async () => {
    const { removal, steps } = await setUp(['a'], { editions: ['e' as VideoId] })
    removal.begin()
    await removal.settled()
    expect(steps).toEqual(['stop a', 'stop e', 'jobs a', 'jobs e', 'files a', 'files e', 'rows a'])
  })

  it('stops the work of all of them before it waits for any', async () => {
    const { removal, steps, held } = await setUp(['a', 'b'])
    const release = Promise.withResolvers<void>()
    held.until = release.promise
    removal.begin()
    await expect.poll(() => steps).toEqual(['stop a', 'stop b'])
    release.resolve()
    await removal.settled()
  })

  it('goes on past one that cannot be removed now, and tries it again the next time', async () => {
    const ids = Array.from({ length: 45 }, (_, i) => `v${i}`)
    const { removal, deleted, broken } = await setUp(ids)
    broken.add('v3')
    removal.begin()
    await removal.settled()
    expect([...deleted]).toEqual(['v3'])
    broken.clear()
    removal.begin()
    await removal.settled()
    expect(deleted.size).toBe(0)
  })

  it('does not keep the program from stopping, and leaves the rest for the next start', async () => {
    const { removal, steps, deleted, held } = await setUp(['a', 'b'])
    held.until = new Promise(() => {})
    removal.begin()
    await expect.poll(() => steps).toEqual(['stop a', 'stop b'])
    await removal[Symbol.asyncDispose]()
    expect(steps).toEqual(['stop a', 'stop b'])
    expect(deleted.size).toBe(2)
  })
})

describe('removing media that are no longer shown', () => {
  it('takes an edition whole, and of a video what was made of it first', async () => {
    const { removal, steps } = await setUp([], {
      superseded: [
        { id: 'v' as VideoId, isOwn: true, renditions: ['original', '360p'] },
        { id: 'e' as VideoId, isOwn: false, renditions: ['original'] },
      ],
    })
    removal.begin()
    await removal.settled()
    expect(steps).toEqual([
      'files v/timeline.jsonl',
      'files v/original',
      'files v/360p',
      'files v/carried',
      'forget v',
      'files e',
      'forget e',
    ])
  })
})
