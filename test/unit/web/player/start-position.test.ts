import { describe, expect, it } from 'vitest'
import {
  keepPosition,
  parseStart,
  readPosition,
  worthResuming,
} from '../../../../web/src/player/start-position.ts'

function makeStorage(text: string | null = null) {
  return {
    text,
    getItem() {
      return this.text
    },
    setItem(_key: string, value: string) {
      this.text = value
    },
  }
}

describe('the start in the address', () => {
  it.each([
    ['0', 0],
    ['90', 90],
    ['90s', 90],
    ['1.5', 1.5],
    ['1m30s', 90],
    ['1h2m3s', 3723],
    ['2h', 7200],
    ['1:02', 62],
    ['1:02:03', 3723],
  ])('%s is %s s', (text, seconds) => expect(parseStart(text)).toBe(seconds))

  it.each(['', 'soon', '-5', '1h-2m', 'NaN', '1:2:3:4'])('%j is no time', (text) =>
    expect(parseStart(text)).toBeUndefined(),
  )
})

describe('where a viewer left off', () => {
  it('is remembered for each video, and forgotten when watched', () => {
    const storage = makeStorage()
    keepPosition(storage, 'a', 61.7)
    keepPosition(storage, 'b', 5)
    expect([readPosition(storage, 'a'), readPosition(storage, 'b'), readPosition(storage, 'c')]).toEqual([
      61,
      5,
      undefined,
    ])
    keepPosition(storage, 'a', undefined)
    expect([readPosition(storage, 'a'), readPosition(storage, 'b')]).toEqual([undefined, 5])
  })

  it('is kept for the 200 videos watched last', () => {
    const storage = makeStorage()
    for (let i = 0; i < 250; i++) keepPosition(storage, `video-${i}`, i + 10)
    expect([readPosition(storage, 'video-49'), readPosition(storage, 'video-50')]).toEqual([undefined, 60])
  })

  it.each(['{', 'null', '7', '{"a":"x"}'])(
    'is nowhere in a damaged store %j, which is written anew',
    (text) => {
      const storage = makeStorage(text)
      expect(readPosition(storage, 'a')).toBeUndefined()
      keepPosition(storage, 'a', 20)
      expect(readPosition(storage, 'a')).toBe(20)
    },
  )

  it('is not remembered by a store that refuses, and nothing else happens', () => {
    const refusing = {
      getItem: () => null,
      setItem: () => {
        throw new Error('QuotaExceededError')
      },
    }
    expect(() => keepPosition(refusing, 'a', 20)).not.toThrow()
  })

  it('is not worth it at the very beginning and near the end', () => {
    expect([4, 5, 89, 91].map((seconds) => worthResuming(seconds, 100))).toEqual([false, true, true, false])
    expect(worthResuming(500, null)).toBe(true)
  })
})
