/** Which pictures a storyboard has, and on which sheets. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planSheets, TILES_PER_SHEET, tileSize } from '../../../../src/pipeline/storyboard/tile-plan.ts'

const timelineOf = (durations: readonly number[], ended: boolean) => {
  let at = 0
  const segments = durations.map((duration, number) => {
    const start = at
    at += duration
    return { number, start }
  })
  return { segments, ended, duration: at }
}
const every = (seconds: number, of: number) => Array.from({ length: Math.floor(of / seconds) }, () => seconds)

describe('a storyboard', () => {
  it('has the first picture of every segment of two seconds, and begins at 0', () => {
    const [sheet, ...more] = planSheets(timelineOf(every(2, 12), true))
    expect(sheet?.tiles.map(({ start }) => start)).toEqual([0, 2, 4, 6, 8, 10])
    expect(sheet?.end).toBe(12)
    expect(more).toEqual([])
  })

  it('leaves out what comes sooner than two seconds, and takes what comes a little early', () => {
    const [sheet] = planSheets(timelineOf([1, 1, 1.95, 0.5, 3, 1], true))
    expect(sheet?.tiles.map(({ segment }) => segment)).toEqual([0, 2, 3, 5])
  })

  it.each([
    [10 * 60, 300],
    [30 * 60, 600],
    [4 * 3600, 1400],
    [24 * 3600, 2250],
  ])('of %s s has at most %s pictures', (seconds, most) => {
    const count = planSheets(timelineOf(every(2, seconds), true)).flatMap(({ tiles }) => tiles).length
    expect(count).toBeLessThanOrEqual(most)
    expect(count).toBeGreaterThan(most / 2)
  })

  it('never changes a sheet that is full, however the video goes on', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.5, max: 12, noNaN: true }), { minLength: 1, maxLength: 300 }),
        fc.nat(300),
        (durations, cut) => {
          const whole = planSheets(timelineOf(durations, true))
          const sofar = planSheets(timelineOf(durations.slice(0, cut), false))
          expect(whole.slice(0, sofar.length)).toEqual(sofar)
          expect(sofar.every(({ tiles }) => tiles.length === TILES_PER_SHEET)).toBe(true)
          // Nothing between sheets is left without a picture.
          for (const [i, { end }] of whole.entries())
            expect(end).toBe(whole[i + 1]?.tiles[0]?.start ?? timelineOf(durations, true).duration)
        },
      ),
    )
  })

  it.each([
    [1920, 1080, 160, 90],
    [1080, 1920, 90, 160],
    [720, 720, 160, 160],
    [2560, 1080, 160, 68],
    [64, 48, 160, 120],
  ])('shows %s×%s in %s×%s', (width, height, w, h) => {
    expect(tileSize({ width, height })).toEqual({ width: w, height: h })
  })
})
