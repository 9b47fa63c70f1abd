import { describe, expect, it } from 'vitest'
import type { UserId } from '../../../src/kernel/ids.ts'
import { type ChannelRecord, Channels, handleFrom } from '../../../src/library/channels.ts'
import { titleFrom } from '../../../src/library/uploads.ts'

describe('a handle', () => {
  it.each([
    ['admin', 'admin'],
    ['Ève & Bob', 'eve-bob'],
    ['  --Łódź 2026!-- ', 'odz-2026'],
    ['日本語', 'channel'],
    ['live', 'channel-live'],
    ['', 'channel'],
    ['x'.repeat(99), 'x'.repeat(40)],
  ])('made of %j is %j', (name, handle) => {
    expect(handleFrom(name)).toBe(handle)
  })

  it('that is taken gets the next free number', async () => {
    const all: ChannelRecord[] = []
    const channels = new Channels({
      listOf: async (userId) => all.filter(({ ownerId }) => ownerId === userId),
      findByHandle: async () => undefined,
      setQuota: async () => false,
      add: async (channel) => !all.some(({ handle }) => handle === channel.handle) && all.push(channel) > 0,
    })
    const made = []
    for (const user of ['a', 'b', 'c', 'a'] as UserId[])
      made.push((await channels.ensure(user, 'Sam')).handle)
    expect(made).toEqual(['sam', 'sam-2', 'sam-3', 'sam'])
  })
})

describe('a title made of a file name', () => {
  it.each([
    ['My holiday_2026.mp4', 'My holiday 2026'],
    ['C:\\films\\a.b.mkv', 'a.b'],
    ['../../etc/passwd', 'passwd'],
    ['.mp4', '.mp4'],
    ['', 'Untitled'],
  ])('%j is %j', (fileName, title) => {
    expect(titleFrom(fileName)).toBe(title)
  })
})
