/** A worker's life, with a pipeline and a registry that are played by the test. */
import { expect, it, vi } from 'vitest'
import { makeLogger } from '../../../src/kernel/logger.ts'
import type { Worker } from '../../../src/pipeline/worker.ts'
import { liveAsWorker } from '../../../src/pipeline/worker-life.ts'
import type { WorkerCard, WorkerPulse, WorkerRegistry } from '../../../src/pipeline/worker-registry.ts'

const CARD: WorkerCard = {
  id: 'one',
  host: 'here',
  pid: 1,
  version: '0',
  kinds: [],
  encoders: [],
  processors: 2,
  concurrency: 2,
}

function playedRegistry() {
  const pulses: WorkerPulse[] = []
  const seen = { pulses, drain: false, away: false, left: [] as string[] }
  const registry: WorkerRegistry = {
    async beat(_card, pulse) {
      if (seen.away) throw new Error('no database')
      pulses.push(pulse)
      return { drain: seen.drain }
    },
    leave: async (id) => void seen.left.push(id),
    list: async () => [],
    setDrain: async () => true,
    othersWork: async () => false,
  }
  return { seen, registry }
}

function playedWorker() {
  const told: string[] = []
  const worker: Worker = {
    stopVideo: async () => undefined,
    running: 3,
    drain: async () => void told.push('drain'),
    resume: async () => void told.push('resume'),
    [Symbol.asyncDispose]: async () => void told.push('stop'),
  }
  return { told, worker }
}

const parts = { card: CARD, freeBytes: () => 7, logger: makeLogger('silent'), beatMs: 1, testAgainMs: 1 }

it('takes no job before its self-test has passed, and says why (pain 26)', async () => {
  const { seen, registry } = playedRegistry()
  const { told, worker } = playedWorker()
  const start = vi.fn(async () => worker)
  let trouble: string | undefined = 'The media store cannot be used: gone.'
  {
    await using _ = await liveAsWorker({ ...parts, registry, start, selfTest: async () => trouble })
    await expect.poll(() => seen.pulses.length).toBeGreaterThan(2)
    expect(seen.pulses.at(-1)).toMatchObject({ state: 'unfit', trouble, running: 0, freeBytes: 7 })
    expect(start).not.toHaveBeenCalled()
    trouble = undefined
    await expect.poll(() => seen.pulses.at(-1)?.state).toBe('working')
    expect(seen.pulses.at(-1)).toMatchObject({ trouble: undefined, running: 3 })
  }
  expect(start).toHaveBeenCalledOnce()
  expect(told).toEqual(['stop'])
  expect(seen.left).toEqual(['one'])
})

it('hands back what it has when an administrator wants it, and comes back when it may', async () => {
  const { seen, registry } = playedRegistry()
  const { told, worker } = playedWorker()
  const selfTest = vi.fn(async () => undefined)
  await using _ = await liveAsWorker({ ...parts, registry, start: async () => worker, selfTest })
  seen.drain = true
  await expect.poll(() => seen.pulses.at(-1)?.state).toBe('drained')
  expect(seen.pulses.map(({ state }) => state)).toContain('draining')
  expect(told).toEqual(['drain'])
  seen.drain = false
  await expect.poll(() => seen.pulses.at(-1)?.state).toBe('working')
  expect(told).toEqual(['drain', 'resume'])
  expect(selfTest).toHaveBeenCalledTimes(2)
})

it('works on while nobody can be told how it is', async () => {
  const { seen, registry } = playedRegistry()
  const { told, worker } = playedWorker()
  seen.away = true
  await using _ = await liveAsWorker({
    ...parts,
    registry,
    start: async () => worker,
    selfTest: async () => undefined,
  })
  expect(seen.pulses).toEqual([])
  seen.away = false
  await expect.poll(() => seen.pulses.at(-1)?.state).toBe('working')
  expect(told).toEqual([])
})
