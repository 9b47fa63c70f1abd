import { describe, expect, it } from 'vitest'
import { lineRate } from '../../../../web/src/player/line-rate.ts'
import { chooseLive } from '../../../../web/src/player/live-choice.ts'

const variant = (name: string, bandwidth: number, more: object = {}) => ({
  name,
  attributes: { BANDWIDTH: bandwidth },
  ...more,
})
const original = variant('original', 3_000_000)
const high = variant('480p', 1_500_000)
const low = variant('240p', 400_000)

describe('Auto while on air', () => {
  it.each([
    ['the original while nothing is known of the line', undefined, 'original'],
    ['the original where the line carries it', 3_700_000, 'original'],
    ['the best that the line carries with something to spare', 3_500_000, '480p'],
    ['the lowest when it carries none', 100_000, '240p'],
  ])('plays %s', (_, rate, name) => {
    expect(chooseLive([original, low, high], rate, 0)?.name).toBe(name)
  })

  it('keeps to what the viewer chose, and to what the browser can play', () => {
    const others = [
      { ...original, excludeUntil: Number.POSITIVE_INFINITY },
      { ...high, disabled: true },
    ]
    expect(chooseLive([...others, low], undefined, 0)?.name).toBe('240p')
  })

  it('takes what failed a moment ago rather than nothing', () => {
    expect(chooseLive([{ ...original, excludeUntil: 5_000 }], undefined, 0)?.name).toBe('original')
    expect(chooseLive([], undefined, 0)).toBeUndefined()
  })
})

describe('the rate of a line', () => {
  it('is counted over the last segments', () => {
    const slow = Array.from({ length: 6 }, () => ({ bytes: 100_000, ms: 800 }))
    expect(lineRate([{ bytes: 10_000_000, ms: 10 }, ...slow])).toBe(1_000_000)
  })

  it('is not known from what fits into a few packets, nor from nothing', () => {
    expect(lineRate([])).toBeUndefined()
    expect(lineRate([{ bytes: 1_000, ms: 0 }])).toBeUndefined()
  })

  it('is high, not infinite, when a segment took no time', () => {
    expect(lineRate([{ bytes: 125_000, ms: 0 }])).toBe(1_000_000_000)
  })
})
