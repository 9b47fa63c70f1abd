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
    ['live/key/', '', 'live', 'key'],
    ['live/', '/key/', 'live', 'key'],
    ['nginx-app', 'stream', 'nginx-app', 'stream'],
    ['live?key=key', '', 'live', 'key'],
    ['live/?key=key&x=y', '', 'live', 'key'],
    ['live', '?key=key', 'live', 'key'],
    ['live?key=other', 'key', 'live', 'key'],
    ['live?key=other', 'key?key=another', 'live', 'key'],
    ['live?x=y', '', 'live', ''],
    ['key', '', '', 'key'],
    ['live', 'flv:channel', 'live', 'channel'],
    ['live', 'mp4:channel', 'live', 'channel'],
    ['', 'key', '', 'key'],
    ['', '', '', ''],
    ['live', '../../etc/passwd', 'live', '../../etc/passwd'],
  ])('app %j with name %j is %j and %j', (app, name, first, own) => {
    expect(parseStreamAddress(app, name)).toEqual({ app: first, name: own })
  })
})
