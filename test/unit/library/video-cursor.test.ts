import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/kernel/errors.ts'
import {
  encodeVideoCursor,
  parseVideoCursor,
  VIDEO_SORTS,
  type VideoCursor,
} from '../../../src/library/video-cursor.ts'

const cursors: readonly VideoCursor[] = [
  { sort: 'newest', value: '2026-11-21T08:00:00.123Z', id: 'a' },
  { sort: 'oldest', value: '2026-11-21T08:00:00.123Z', id: 'b' },
  { sort: 'title', value: '"quotes", \n lines & ünïcode 🎬', id: 'c' },
  { sort: 'longest', value: 12.5, id: 'd' },
  { sort: 'longest', value: -1, id: 'e' },
]

describe('a video cursor', () => {
  it.each(cursors)('comes back as it went: $sort $value', (cursor) => {
    expect(parseVideoCursor(encodeVideoCursor(cursor), cursor.sort)).toEqual(cursor)
  })

  it('is refused in a list of another order', () => {
    for (const cursor of cursors) {
      for (const sort of VIDEO_SORTS.filter((other) => other !== cursor.sort)) {
        expect(() => parseVideoCursor(encodeVideoCursor(cursor), sort)).toThrow(AppError)
      }
    }
  })

  it('is refused, never believed, when it is anything else', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((json) => Buffer.from(json).toString('base64url')),
        ),
        (text) => {
          try {
            parseVideoCursor(text, 'newest')
          } catch (error) {
            expect(error).toMatchObject({ code: 'bad-request' })
          }
        },
      ),
    )
  })
})
