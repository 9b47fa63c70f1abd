import { describe, expect, it } from 'vitest'
import type { Sample } from '../../bench/bench.ts'
import { collate, renderTable, spreadOf } from '../../bench/report.ts'

const sample = (ours: number, peer: number | undefined, target?: Sample['target']): Sample => ({
  figure: 'CPU',
  unit: 's/GB',
  ours,
  ...(peer !== undefined && { peer: { name: 'nginx', value: peer } }),
  ...(target && { target }),
})

describe('figures of several runs', () => {
  it('have the middle of their runs, and both ends', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 })
    expect(spreadOf([4, 1, 2, 3])).toEqual({ min: 1, median: 2.5, max: 4 })
  })

  it('are compared run by run, since what disturbs a run disturbs both', () => {
    const [figure] = collate([[sample(1, 2)], [sample(10, 10)], [sample(3, 4)]])
    expect(figure?.ours.median).toBe(3)
    expect(figure?.ratio).toEqual({ min: 0.5, median: 0.75, max: 1 })
  })

  it('are held against their target by the median', () => {
    const atMost = { of: 'ratio', atMost: 0.6 } as const
    expect(collate([[sample(5, 10, atMost)], [sample(9, 10, atMost)], [sample(6, 10, atMost)]])[0]?.met).toBe(
      true,
    )
    expect(collate([[sample(7, 10, atMost)]])[0]?.met).toBe(false)
    expect(collate([[sample(7, 10, { of: 'ratio', atLeast: 0.8 })]])[0]?.met).toBe(false)
    expect(collate([[sample(7, 10, { of: 'ours', atMost: 7 })]])[0]?.met).toBe(true)
  })

  it('without a peer have no ratio, and no verdict on one', () => {
    const [figure] = collate([[sample(1, undefined, { of: 'ratio', atMost: 2 })]])
    expect(figure).not.toHaveProperty('ratio')
    expect(figure).not.toHaveProperty('met')
    expect(renderTable([figure as NonNullable<typeof figure>])).not.toMatch(/met/i)
  })

  it('that are no numbers never meet a target', () => {
    expect(collate([[sample(Number.NaN, 1, { of: 'ratio', atMost: 2 })]])[0]?.met).toBe(false)
  })
})

describe('the table', () => {
  it('says ours, the peer, the ratio, the target and whether it is met', () => {
    const target = { of: 'ratio', atMost: 0.6 } as const
    expect(
      renderTable(collate([[sample(1, 2, target)], [sample(1.2, 2, target)], [sample(1, 2, target)]])),
    ).toBe(
      [
        'figure  unit  ours       peer     ratio          target',
        'CPU     s/GB  1 (1-1.2)  2 nginx  0.5 (0.5-0.6)  <= 0.6 x  met',
      ].join('\n'),
    )
  })
})
