import { describe, expect, it } from 'vitest'
import { checkMoov } from '../../../src/packaging/edit-lists.ts'

const u32 = (...values: readonly number[]) => {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeInt32BE(value | 0, index * 4)
  return bytes
}
const box = (type: string, ...content: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(content)
  return Buffer.concat([u32(body.byteLength + 8), Buffer.from(type, 'latin1'), body])
}

/** A movie in milliseconds with one track of 10 s in ticks of 1/90000 s. Edits: length in ms, begin in ticks, rate. */
const movie = (...edits: readonly (readonly [length: number, begin: number, rate?: number])[]) =>
  box(
    'moov',
    box('mvhd', u32(0, 0, 0, 1000, 10_000), Buffer.alloc(80)),
    box(
      'trak',
      box(
        'edts',
        box(
          'elst',
          u32(0, edits.length),
          ...edits.map(([length, begin, rate = 1]) => u32(length, begin, rate * 0x10000)),
        ),
      ),
      box('mdia', box('mdhd', u32(0, 0, 0, 90_000, 900_000, 0))),
    ),
  )

describe('edits that every muxer writes', () => {
  it.each([
    ['none', movie()],
    ['all of it', movie([10_000, 0])],
    ['the delay of reordering', movie([10_000, 7200])],
    ['a late begin', movie([500, -1], [10_000, 0])],
    ['of a file in fragments, whose length is not known', movie([0, 3600])],
    ['all but the last picture', movie([9960, 0])],
  ])('%s show all that is there', (_, moov) => {
    expect(checkMoov(moov)).toBe(true)
  })
})

it('what reordering delays at few frames a second is long, and hides nothing all the same', () => {
  const delayed = (begin: number) =>
    box(
      'moov',
      box('mvhd', u32(0, 0, 0, 1000, 10_000), Buffer.alloc(80)),
      box(
        'trak',
        box('edts', box('elst', u32(0, 1), u32(10_000, begin, 0x10000))),
        box(
          'mdia',
          box('mdhd', u32(0, 0, 0, 90_000, 900_000, 0)),
          box('minf', box('stbl', box('ctts', u32(0, 1, 100, 18_000)))),
        ),
      ),
    )
  expect([checkMoov(delayed(18_000)), checkMoov(delayed(90_000))]).toEqual([true, false])
})

describe('edits that a person made', () => {
  it.each([
    ['the beginning is cut away', movie([8000, 180_000])],
    ['the end is cut away', movie([8000, 0])],
    ['a piece is cut out', movie([3000, 0], [3000, 630_000])],
    ['it is slowed down', movie([10_000, 0, 0])],
    ['it stands at the end', movie([10_000, 0], [500, -1])],
  ])('%s: hide something', (_, moov) => {
    expect(checkMoov(moov)).toBe(false)
  })
})

it('boxes that are cut off or make no sense are left to the reader', () => {
  const whole = movie([8000, 0])
  for (let length = 0; length < whole.byteLength; length++)
    expect(() => checkMoov(whole.subarray(0, length))).not.toThrow()
  for (let at = 0; at < whole.byteLength; at++) {
    const damaged = Buffer.from(whole)
    damaged[at] = 0xff
    expect(() => checkMoov(damaged)).not.toThrow()
  }
})
