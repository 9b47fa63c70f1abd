import { describe, expect, it } from 'vitest'
import {
  addSample,
  bytesPerSecond,
  type Sample,
  secondsLeft,
  titleFromFileName,
} from '../../../../web/src/features/studio/uploads/upload-speed.ts'

const steady = (seconds: number, rate: number) =>
  Array.from({ length: seconds + 1 }, (_, i) => ({ atMs: i * 1000, bytes: i * rate })).reduce<
    readonly Sample[]
  >(addSample, [])

describe('the speed of an upload', () => {
  it('cannot be said within the first second', () => {
    const samples = [
      { atMs: 0, bytes: 0 },
      { atMs: 900, bytes: 5000 },
    ]
    expect([bytesPerSecond([]), bytesPerSecond(samples), secondsLeft(samples, 10_000)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('gives the time left', () => {
    const samples = steady(4, 1000)
    expect([bytesPerSecond(samples), secondsLeft(samples, 10_000)]).toEqual([1000, 6])
  })

  it('follows the connection within some seconds, and keeps few samples', () => {
    let samples = steady(60, 1000)
    for (let i = 1; i <= 10; i++)
      samples = addSample(samples, { atMs: (60 + i) * 1000, bytes: 60_000 + i * 100 })
    expect(bytesPerSecond(samples)).toBe(100)
    expect(samples.length).toBeLessThan(12)
  })

  it('promises nothing while it stands still', () => {
    const samples = [
      { atMs: 0, bytes: 500 },
      { atMs: 5000, bytes: 500 },
    ]
    expect([bytesPerSecond(samples), secondsLeft(samples, 1000)]).toEqual([0, undefined])
  })

  it('has nothing left when all is sent', () => {
    expect(secondsLeft(steady(4, 1000), 4000)).toBe(0)
  })
})

describe('a title from a file name', () => {
  it.each([
    ['My_holiday-2026.final.mp4', 'My holiday-2026.final'],
    ['.mkv', 'Untitled'],
    ['no ending', 'no ending'],
    ['  __  .ts', 'Untitled'],
    [`${'x'.repeat(300)}.mov`, 'x'.repeat(200)],
  ])('%j becomes %j', (name, title) => expect(titleFromFileName(name)).toBe(title))
})
