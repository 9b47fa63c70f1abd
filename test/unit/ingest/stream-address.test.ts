import { describe, expect, it } from 'vitest'
import { parseStreamAddress } from '../../../src/ingest/stream-address.ts'

describe('a stream address', () => {
  it.each([
    ['live', 'key', 'live', 'key'],
    ['live', 'key?x=y', 'live', 'key'],
    ['live/', 'key', 'live', 'key'],
    ['/live', '/key', 'live', 'key'],
    ['live?x=y', 'key', 'live', 'key'],
    ['live/key', '', 'live', 'key'],
    ['live/key?x=y', '', 'live', 'key'],
    ['live/instance', 'key', 'live', 'key'],
    ['live/a', 'b/c', 'live', 'b/c'],
    ['live', '', 'live', ''],
    ['', 'key', '', 'key'],
    ['', '', '', ''],
    ['live', '../../etc/passwd', 'live', '../../etc/passwd'],
  ])('app %j with name %j is %j and %j', (app, name, first, own) => {
    expect(parseStreamAddress(app, name)).toEqual({ app: first, name: own })
  })
})
