import { describe, expect, it } from 'vitest'
import { SegmentCache } from '../../../src/delivery/media/segment-cache.ts'
import { WaitingRoom } from '../../../src/delivery/media/waiting-room.ts'

const bytes = (count: number) => Buffer.alloc(count)

describe('the cache of hot segments', () => {
  it('reads once for all who ask at the same moment, and not again', async () => {
    const cache = new SegmentCache(100, 50)
    let reads = 0
    const read = async () => {
      reads += 1
      return bytes(10)
    }
    const got = await Promise.all([cache.load('a', read), cache.load('a', read), cache.load('a', read)])
    await cache.load('a', read)
    expect(reads).toBe(1)
    expect(new Set(got).size).toBe(1)
  })

  it('stays within its bytes, the least recently used out first', async () => {
    const cache = new SegmentCache(100, 50)
    for (const key of ['a', 'b']) await cache.load(key, async () => bytes(40))
    cache.get('a')
    await cache.load('c', async () => bytes(40))
    expect(cache.bytes).toBe(80)
    expect([cache.get('a'), cache.get('b'), cache.get('c')].map(Boolean)).toEqual([true, false, true])
  })

  it('keeps neither what is too large nor what is not there', async () => {
    const cache = new SegmentCache(100, 50)
    expect(await cache.load('large', async () => bytes(51))).toHaveLength(51)
    expect(await cache.load('missing', async () => undefined)).toBeUndefined()
    expect(cache.bytes).toBe(0)
    expect(await cache.load('missing', async () => bytes(1))).toHaveLength(1)
  })

  it('asks again after a failed read', async () => {
    const cache = new SegmentCache(100, 50)
    await expect(cache.load('a', () => Promise.reject(new Error('disk')))).rejects.toThrow('disk')
    expect(await cache.load('a', async () => bytes(1))).toHaveLength(1)
  })
})

describe('the waiting room', () => {
  const limits = { files: 3, filesOfAddress: 2, requests: 6, requestsOfAddress: 4 }

  it('has so many places for all, and so many for each address', () => {
    const room = new WaitingRoom(limits)
    const first = room.enter('a', '1')
    room.enter('a', '2')
    expect(room.enter('a', '3')).toBeUndefined()
    room.enter('b', '3')
    expect(room.enter('c', '4')).toBeUndefined()
    first?.[Symbol.dispose]()
    expect(room.enter('c', '4')).toBeDefined()
    expect(room.waiting).toBe(3)
  })

  it('takes many who wait for the same file in one place, up to a limit of requests', () => {
    const room = new WaitingRoom(limits)
    const places = ['a', 'a', 'a', 'a', 'a', 'b', 'c', 'd'].map((address) => room.enter(address, '1'))
    expect(places.map((place) => place !== undefined)).toEqual([
      true,
      true,
      true,
      true,
      false,
      true,
      true,
      false,
    ])
    places[0]?.[Symbol.dispose]()
    expect(room.enter('d', '2')).toBeDefined()
    for (const place of places.slice(1)) place?.[Symbol.dispose]()
    expect(room.waiting).toBe(1)
    expect(room.enter('a', '3')).toBeDefined()
    expect(room.enter('a', '4')).toBeDefined()
  })
})
