import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LogGrowth } from '../../../src/recording/log-growth.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('whoever needs whole groups of pictures', () => {
  const reader = (growth: LogGrowth, bytes: number) => {
    const state = { woken: false }
    void growth.beyondGroup(bytes).then(() => {
      state.woken = true
    })
    return state
  }

  it('is woken by a keyframe that is not read yet, and by nothing between', async () => {
    const growth = new LogGrowth()
    const first = reader(growth, 0)
    growth.grown(100, true)
    await vi.advanceTimersByTimeAsync(0)
    expect(first.woken).toBe(true)
    const second = reader(growth, 100)
    await vi.advanceTimersByTimeAsync(100)
    growth.grown(200, false)
    await vi.advanceTimersByTimeAsync(1900)
    expect(second.woken).toBe(false)
    growth.grown(300, true)
    await vi.advanceTimersByTimeAsync(0)
    expect(second.woken).toBe(true)
  })

  it('has a keyframe that was written while it read at once', async () => {
    const growth = new LogGrowth()
    growth.grown(100, true)
    growth.grown(200, true)
    const waiting = reader(growth, 100)
    await vi.advanceTimersByTimeAsync(0)
    expect(waiting.woken).toBe(true)
  })

  it.each([
    [true, 3000],
    [false, 1000],
  ])(
    'gets what came before an encoder stood still, though nothing comes any more (pictures: %s)',
    async (keyframe, longestMs) => {
      const growth = new LogGrowth()
      growth.grown(100, keyframe)
      await vi.advanceTimersByTimeAsync(300)
      const waiting = reader(growth, 100)
      growth.grown(200, false)
      await vi.advanceTimersByTimeAsync(longestMs - 100)
      expect(waiting.woken).toBe(false)
      await vi.advanceTimersByTimeAsync(200)
      expect(waiting.woken).toBe(true)
    },
  )
})
