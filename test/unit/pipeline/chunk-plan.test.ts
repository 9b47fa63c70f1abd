import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TimelineSegment } from '../../../src/packaging/timeline.ts'
import {
  fps,
  frameRateOf,
  planChunks,
  plannedFrameRate,
  planSegments,
} from '../../../src/pipeline/chunk-plan.ts'

function segments(
  durations: readonly number[],
  change: Partial<Record<number, Partial<TimelineSegment>>> = {},
): TimelineSegment[] {
  let start = 0
  let init = 0
  return durations.map((duration, number) => {
    init = change[number]?.init ?? init
    const segment: TimelineSegment = {
      kind: 'segment',
      number,
      start,
      duration,
      frames: 60,
      discontinuity: false,
      videoBytes: 1,
      audioBytes: 0,
      ...change[number],
      init,
    }
    start += duration
    return segment
  })
}

const ranges = (of: readonly TimelineSegment[], ended = true) =>
  planChunks(of, { ended }).closed.map(({ firstSegment, segmentCount }) => [firstSegment, segmentCount])

describe('chunks', () => {
  it('close at 8 seconds', () => {
    expect(ranges(segments([2, 2, 2, 2, 2, 2, 2, 2, 2]))).toEqual([
      [0, 4],
      [4, 4],
      [8, 1],
    ])
  })

  it('take a segment too many rather than one too few', () => {
    expect(ranges(segments([3, 3, 3, 3]))).toEqual([
      [0, 3],
      [3, 1],
    ])
  })

  it('hold a single segment when it is long', () => {
    expect(ranges(segments([30, 2, 30]))).toEqual([
      [0, 1],
      [1, 2],
    ])
  })

  it('stay open while the timeline grows', () => {
    const { open, closed } = planChunks(segments([2, 2, 2, 2, 2]), { ended: false })
    expect(closed).toHaveLength(1)
    expect(open).toMatchObject([{ number: 4 }])
  })

  it('close only when the segment behind them is there, which may lend them pictures', () => {
    expect(ranges(segments([2, 2, 2, 2]), false)).toEqual([])
    expect(ranges(segments([2, 2, 2, 2]))).toEqual([[0, 4]])
  })

  it('are single segments for a viewer at the live edge', () => {
    const { open, closed } = planChunks(segments([2, 2, 2]), { ended: false, short: true })
    expect(closed.map(({ segmentCount }) => segmentCount)).toEqual([1, 1, 1])
    expect(open).toEqual([])
  })

  it('go on behind those there are', () => {
    const from = { nextIndex: 7, nextSegment: 3 }
    const { closed } = planChunks(segments([2, 2, 2, 2, 2]), { ended: true, from })
    expect(closed).toMatchObject([{ index: 7, firstSegment: 3, segmentCount: 2, startSeconds: 6 }])
  })

  it('end before a discontinuity', () => {
    expect(ranges(segments([2, 2, 2, 2, 2], { 2: { discontinuity: true } }))).toEqual([
      [0, 2],
      [2, 3],
    ])
  })

  it('end before another decoder configuration', () => {
    expect(ranges(segments([2, 2, 2], { 1: { init: 1 } }))).toEqual([
      [0, 1],
      [1, 2],
    ])
  })

  it('of an empty timeline are none', () => {
    expect(ranges([])).toEqual([])
  })

  it('cover every segment once, in order, whatever the timeline', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ duration: fc.double({ min: 0.1, max: 20, noNaN: true }), discontinuity: fc.boolean() }),
          { maxLength: 60 },
        ),
        (list) => {
          const all = segments(
            list.map(({ duration }) => duration),
            Object.fromEntries(list.map(({ discontinuity }, i) => [i, { discontinuity }])),
          )
          const chunks = planChunks(all, { ended: true }).closed
          expect(chunks.map(({ index }) => index)).toEqual(chunks.map((_, i) => i))
          expect(
            chunks.flatMap(({ firstSegment, segmentCount }) =>
              all.slice(firstSegment, firstSegment + segmentCount),
            ),
          ).toEqual(all)
          for (const { firstSegment, segmentCount } of chunks) {
            expect(
              all
                .slice(firstSegment + 1, firstSegment + segmentCount)
                .some(({ discontinuity }) => discontinuity),
            ).toBe(false)
          }
        },
      ),
    )
  })
})

describe('the frame rate of a planned timeline', () => {
  it.each([
    ['keeps a constant one', { nominal: 25, average: 25, variable: false }, '25/1'],
    ['knows what 29.97 stands for', { nominal: 29.97, average: 29.97, variable: false }, '30000/1001'],
    ['keeps film', { nominal: 24_000 / 1001, average: 23.976, variable: false }, '24000/1001'],
    ['keeps 60', { nominal: 60, average: 60, variable: false }, '60/1'],
    ['halves above 60', { nominal: 120, average: 120, variable: false }, '60/1'],
    ['halves until it fits', { nominal: 240, average: 240, variable: false }, '60/1'],
    [
      'takes the standard rate next to a variable average',
      { nominal: 90_000, average: 28.6, variable: true },
      '30000/1001',
    ],
    ['keeps an unusual constant one', { nominal: 18, average: 18, variable: false }, '18000/1000'],
    ['keeps slow ones slow', { nominal: 5, average: 5, variable: false }, '5000/1000'],
    ['is 25 when nobody knows', { nominal: 0, average: 0, variable: true }, '25/1'],
  ])('%s', (_, source, expected) => {
    const rate = plannedFrameRate(source)
    expect(`${rate.num}/${rate.den}`).toBe(expected)
    expect(frameRateOf(fps(rate))).toEqual(rate)
  })
})

describe('planned segments', () => {
  it('are equal and of whole frames, the last of what is left', () => {
    const planned = planSegments(250, { num: 25, den: 1 })
    expect(planned.map(({ frames }) => frames)).toEqual([100, 100, 50])
    expect(planned.map(({ start, duration }) => [start, duration])).toEqual([
      [0, 4],
      [4, 4],
      [8, 2],
    ])
  })

  it('do not drift at 29.97', () => {
    const planned = planSegments(30_000, { num: 30_000, den: 1001 })
    const last = planned.at(-1)
    expect((last?.start ?? 0) + (last?.duration ?? 0)).toBeCloseTo(1001, 9)
    for (const [i, segment] of planned.entries()) {
      const next = planned[i + 1]
      if (next) expect(segment.start + segment.duration).toBeCloseTo(next.start, 9)
    }
  })

  it('are none for no frames', () => {
    expect(planSegments(0, { num: 30, den: 1 })).toEqual([])
  })
})
