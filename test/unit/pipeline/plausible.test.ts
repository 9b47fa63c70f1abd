import { describe, expect, it } from 'vitest'
import { refusalOf } from '../../../src/pipeline/plausible.ts'
import type { StreamExtent } from '../../../src/pipeline/scan.ts'

const stream = (packets: number, end: number): StreamExtent => ({ packets, start: 0, end })
const refuse = (seconds: number, pictures: StreamExtent, sound?: StreamExtent) =>
  refusalOf(seconds, pictures, new Map([[0, pictures], ...(sound ? [[1, sound] as const] : [])]))

describe('a file is taken', () => {
  it.each([
    ['of a day, 25 a second', 86_400, stream(86_400 * 25, 86_400)],
    ['of a picture every minute, for three hours', 10_800, stream(180, 10_800)],
    ['of two pictures within the hour', 3600, stream(2, 3600)],
    ['of 960 pictures a second', 60, stream(57_600, 60)],
    ['of a few pictures in no time', 0, stream(9_000, 0)],
  ])('%s', (_, seconds, pictures) => {
    expect(refuse(seconds, pictures)).toBeUndefined()
  })

  it('of one picture with a day of sound', () => {
    expect(refuse(86_400, stream(1, 0.04), stream(86_400 * 47, 86_400))).toBeUndefined()
  })
})

describe('a file is refused', () => {
  it.each([
    ['longer than a week', 8 * 86_400, stream(8 * 86_400 * 25, 8 * 86_400), /8 days; no more than 7 days/],
    ['of almost nothing for hours', 7200, stream(20, 7200), /2 hours and holds 20/],
    ['of too many pictures at once', 1, stream(50_000, 1), /50000 pictures for 1\.0 s/],
  ])('%s', (_, seconds, pictures, why) => {
    expect(refuse(seconds, pictures)).toMatch(why)
  })
})
