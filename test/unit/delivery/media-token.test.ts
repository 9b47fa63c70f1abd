import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MediaTokens } from '../../../src/delivery/media/media-token.ts'
import type { VideoId } from '../../../src/kernel/ids.ts'

const KEY = Buffer.alloc(32, 7)
const VIDEO = 'abcdefghijkm' as VideoId
const OTHER = 'abcdefghijkn' as VideoId
const HOUR_MS = 3600_000
const START_MS = Date.UTC(2026, 10, 21, 8, 30)

function tokensAt(start = START_MS) {
  const clock = { nowMs: start }
  return { clock, tokens: new MediaTokens(KEY, () => clock.nowMs) }
}

describe('a media token', () => {
  it('is valid for its video and no other', () => {
    const { tokens } = tokensAt()
    const token = tokens.mint(VIDEO, 'public')
    expect(tokens.verify(token, VIDEO, 'public')).toBe('valid')
    expect(tokens.verify(token, OTHER, 'public')).toBe('invalid')
  })

  it('lives a day at least, two at most, and is expired then', () => {
    for (const visibility of ['public', 'unlisted', 'private'] as const) {
      const { tokens, clock } = tokensAt()
      const token = tokens.mint(VIDEO, visibility)
      clock.nowMs += 24 * HOUR_MS
      expect(tokens.verify(token, VIDEO, visibility)).toBe('valid')
      clock.nowMs += 24 * HOUR_MS
      expect(tokens.verify(token, VIDEO, visibility)).toBe('expired')
    }
  })

  it('is the same for all viewers of a public video all day, so that caches share what they fetch', () => {
    const { tokens, clock } = tokensAt(Date.UTC(2026, 10, 21))
    const first = tokens.mint(VIDEO, 'public')
    clock.nowMs += 23.9 * HOUR_MS
    expect(tokens.mint(VIDEO, 'public')).toBe(first)
    clock.nowMs += 0.2 * HOUR_MS
    expect(tokens.mint(VIDEO, 'public')).not.toBe(first)
  })

  it('minted while the video was not private is refused once it is', () => {
    const { tokens } = tokensAt()
    expect(tokens.verify(tokens.mint(VIDEO, 'public'), VIDEO, 'private')).toBe('invalid')
    expect(tokens.verify(tokens.mint(VIDEO, 'unlisted'), VIDEO, 'private')).toBe('invalid')
    expect(tokens.verify(tokens.mint(VIDEO, 'private'), VIDEO, 'private')).toBe('valid')
    expect(tokens.verify(tokens.mint(VIDEO, 'private'), VIDEO, 'public')).toBe('valid')
  })

  it('is invalid with any bit changed, in any other spelling, and of another key', () => {
    const { tokens } = tokensAt()
    const token = tokens.mint(VIDEO, 'public')
    const bytes = Buffer.from(token, 'base64url')
    for (let bit = 0; bit < bytes.byteLength * 8; bit += 1) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(tokens.verify(changed.toString('base64url'), VIDEO, 'public')).toBe('invalid')
    }
    expect(tokens.verify(`${token}=`, VIDEO, 'public')).toBe('invalid')
    expect(tokens.verify(new MediaTokens(Buffer.alloc(32, 8)).mint(VIDEO, 'public'), VIDEO, 'public')).toBe(
      'invalid',
    )
    fc.assert(fc.property(fc.string(), (text) => tokens.verify(text, VIDEO, 'public') === 'invalid'))
  })
})
