import { describe, expect, it } from 'vitest'
import { EncodeBudget } from '../../../src/delivery/media/encode-budget.ts'

function setUp(limits = { ofAddress: 3600, ofAll: 7200 }) {
  const clock = { ms: 0 }
  const budget = new EncodeBudget(limits, () => clock.ms)
  /** How many chunks of 8 s somebody gets who asks for one after the other. */
  const walk = (address: string, chunks = 10_000) => {
    let granted = 0
    while (granted < chunks && budget.charge(address, 8).granted) granted += 1
    return granted
  }
  return { clock, budget, walk }
}

describe('a visitor who walks through every segment of every quality', () => {
  it('gets what ten minutes bring at once, and then no more than the hour’s pace', () => {
    const { clock, walk } = setUp()
    expect(walk('a')).toBe(75)
    expect(walk('a')).toBe(0)
    clock.ms += 80_000
    expect(walk('a')).toBe(10)
    // A night without asking is worth ten minutes.
    clock.ms += 8 * 3_600_000
    expect(walk('a')).toBe(75)
  })

  it('is told when to come again', () => {
    const { clock, budget, walk } = setUp()
    walk('a')
    expect(budget.charge('a', 8)).toEqual({ granted: false, retryAfterSeconds: 8 })
    clock.ms += 5_000
    expect(budget.charge('a', 8)).toEqual({ granted: false, retryAfterSeconds: 3 })
  })

  it('leaves others theirs, until all of it is spent', () => {
    const { walk } = setUp()
    expect(['a', 'b', 'c'].map((address) => walk(address))).toEqual([75, 75, 0])
  })

  it('from many addresses gets no more than all may have together', () => {
    const { walk } = setUp()
    let sum = 0
    for (let n = 0; n < 20_000; n++) sum += walk(`address-${n}`, 1)
    expect(sum).toBe(150)
  })
})

it('what was not made after all is given back, once', () => {
  const { budget, walk } = setUp()
  const charged = budget.charge('a', 8)
  walk('a')
  if (!charged.granted) throw new Error('there was enough')
  charged.refund()
  charged.refund()
  expect(walk('a')).toBe(1)
})

it('a chunk longer than everything that may be spent at once is made nevertheless, in its time', () => {
  const { clock, budget } = setUp({ ofAddress: 60, ofAll: 60 })
  expect(budget.charge('a', 20).granted).toBe(true)
  expect(budget.charge('a', 20).granted).toBe(false)
  clock.ms += 3_600_000
  expect(budget.charge('a', 20).granted).toBe(true)
})
