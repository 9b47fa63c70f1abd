import { describe, expect, it } from 'vitest'
import { liveDelaySeconds } from '../../../../web/src/player/live-delay.ts'

describe('the distance to the live edge', () => {
  it('is three segments, whatever length the playlist reserves', () => {
    expect(liveDelaySeconds([2, 2, 2.5, 2], 6)).toBe(7.5)
  })

  it('is never more than three of the announced length, and never so short that any hiccup stalls', () => {
    expect(liveDelaySeconds([10, 10], 6)).toBe(18)
    expect(liveDelaySeconds([0.5, 0.5], 6)).toBe(4)
  })

  it('follows the encoder as it is now', () => {
    expect(liveDelaySeconds([8, 2, 2, 2, 2, 2], 8)).toBe(6)
  })

  it('supposes ordinary segments before there are any', () => {
    expect(liveDelaySeconds([], 6)).toBe(6)
  })
})
