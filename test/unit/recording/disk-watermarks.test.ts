import { describe, expect, it } from 'vitest'
import { type DiskState, DiskWatermarks, diskLevel } from '../../../src/recording/disk-watermarks.ts'

const MARKS = { warnBytes: 3000, refuseBytes: 1000, criticalBytes: 100 }
const NONE = { warnBytes: 0, refuseBytes: 0, criticalBytes: 0 }

describe('disk watermarks', () => {
  it.each([
    [10_000, 'ok'],
    [3000, 'ok'],
    [2999, 'warn'],
    [1000, 'warn'],
    [999, 'refuse'],
    [100, 'refuse'],
    [99, 'critical'],
  ])('with %i bytes free of a minimum of 1000 the level is %s', (free, level) => {
    expect(diskLevel(free, MARKS)).toBe(level)
  })

  it('tells each change of level once, and stops when told to', async () => {
    const free = [5000, 5000, 500, 400, 5000]
    const measure = async () => ({ freeBytes: free.shift() ?? 5000, totalBytes: 10_000 })
    const disk = new DiskWatermarks({ folder: '/', marks: MARKS, measure })
    const told: DiskState['level'][] = []
    const stop = disk.onChange((state) => told.push(state.level))
    for (let i = 0; i < 5; i++) await disk.look()
    expect(told).toEqual(['ok', 'refuse', 'ok'])
    stop()
    const abort = new AbortController()
    const watching = disk.watch(abort.signal, () => undefined)
    abort.abort()
    await watching
    expect(told).toHaveLength(3)
  })

  it('knows a full disk, whatever the minimum', async () => {
    const free = [5 * 2 ** 20, 3 * 2 ** 20]
    const measure = async () => ({ freeBytes: free.shift() ?? 0, totalBytes: 2 ** 30 })
    const disk = new DiskWatermarks({ folder: '/', marks: NONE, measure })
    expect(disk.isFull, 'not looked at yet').toBe(false)
    await disk.look()
    expect(disk.isFull).toBe(false)
    await disk.look()
    expect(disk.isFull).toBe(true)
  })

  it('measures the real disk', async () => {
    const state = await new DiskWatermarks({ folder: import.meta.dirname, marks: NONE }).look()
    expect(state.level).toBe('ok')
    expect(state.totalBytes).toBeGreaterThan(state.freeBytes)
  })
})
