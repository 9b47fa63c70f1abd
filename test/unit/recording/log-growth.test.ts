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

  it('is woken by a keyframe, and by what follows it closely', async () => {
    const growth = new LogGrowth()
    const first = reader(growth, 0)
    growth.grown(100, true)
    await vi.advanceTimersByTimeAsync(0)
    expect(first.woken).toBe(true)
    const second = reader(growth, 100)
    await vi.advanceTimersByTimeAsync(200)
    growth.grown(200, false)
    await vi.advanceTimersByTimeAsync(0)
    expect(second.woken).toBe(true)
  })

  it('gets what came before an encoder stood still, though nothing comes any more', async () => {
    const growth = new LogGrowth()
    growth.grown(100, true)
    await vi.advanceTimersByTimeAsync(300)
    const waiting = reader(growth, 100)
    growth.grown(200, false)
    await vi.advanceTimersByTimeAsync(900)
    expect(waiting.woken).toBe(false)
    await vi.advanceTimersByTimeAsync(200)
    expect(waiting.woken).toBe(true)
  })
})
