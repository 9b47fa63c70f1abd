import { describe, expect, it } from 'vitest'
import type { VideoId } from '../../../src/kernel/ids.ts'
import { makeLogger } from '../../../src/kernel/logger.ts'
import { makeEncodeRoom } from '../../../src/pipeline/encode-room.ts'

function setUp(loadLimit = 1) {
  const machine = { disk: undefined as string | undefined, load: 0, looks: 0 }
  const room = makeEncodeRoom({
    diskPressure: () => {
      machine.looks += 1
      return machine.disk
    },
    loadLimit,
    logger: makeLogger('silent'),
    otherLoad: () => machine.load,
    lookAgainMs: 1,
  })
  const entered = (signal = AbortSignal.timeout(10_000)) => {
    const state = { done: false }
    const entering = room.enter(signal).then(() => {
      state.done = true
    })
    return { state, entering }
  }
  return { machine, entered }
}

describe('what is encoded beforehand', () => {
  it('begins at once where there is room', async () => {
    const { entered } = setUp()
    await entered().entering
  })

  it.each([
    ['the disk is getting full', { disk: 'the disk is getting full' }, { disk: undefined }],
    ['the processors are busy', { load: 0.9 }, { load: 0.5 }],
  ])('waits while %s, and then goes on', async (_, busy, free) => {
    const { machine, entered } = setUp(0.8)
    Object.assign(machine, busy)
    const { state, entering } = entered()
    const looks = machine.looks
    await expect.poll(() => machine.looks).toBeGreaterThan(looks + 2)
    expect(state.done).toBe(false)
    Object.assign(machine, free)
    await entering
  })

  it('does not mind busy processors without a limit', async () => {
    const { machine, entered } = setUp()
    machine.load = 1
    await entered().entering
  })

  it('stops waiting when it is told to', async () => {
    const { machine, entered } = setUp()
    machine.disk = 'full'
    const stopping = new AbortController()
    const { entering } = entered(stopping.signal)
    stopping.abort(new Error('the worker is stopping'))
    await expect(entering).rejects.toThrow('the worker is stopping')
  })
})

describe('a job that needs room on the disk', () => {
  it('waits until there is as much as it needs, and says so (pain 27)', async () => {
    const video = 'video' as VideoId
    let free = 1_500_000_000
    const room = makeEncodeRoom({
      diskPressure: () => undefined,
      freeBytes: () => free,
      keepFreeBytes: 1_000_000_000,
      loadLimit: 1,
      logger: makeLogger('silent'),
      lookAgainMs: 1,
    })
    const signal = AbortSignal.timeout(10_000)
    await room.admit('process-upload', video, 500_000_000, signal)
    const large = room.admit('process-upload', video, 4_000_000_000, signal)
    await expect
      .poll(() => room.held())
      .toEqual({
        'process-upload video': 'there is no room for it on the disk: 3.3 GiB more have to be free',
      })
    // What needs less is not held up by it.
    await room.admit('process-upload', 'small' as VideoId, 1, signal)
    free = 5_000_000_000
    await large
    expect(room.held()).toEqual({})
  })
})
