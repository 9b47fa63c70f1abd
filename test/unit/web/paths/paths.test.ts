import { describe, expect, it } from 'vitest'
import { safeReturnPath, watchAddress, withQuery } from '../../../../web/src/paths/paths.ts'

describe('addresses', () => {
  it.each([
    ['/watch/abc?t=1', '/watch/abc?t=1'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['https://evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['/sign-in?next=/', '/'],
    [undefined, '/'],
  ])('after sign-in %j leads to %j', (next, path) => expect(safeReturnPath(next)).toBe(path))

  it('leave out what has no value and escape the rest', () => {
    expect(withQuery('/api/v1/videos', { q: 'a b&c', limit: 24, cursor: undefined, tag: '' })).toBe(
      '/api/v1/videos?q=a+b%26c&limit=24',
    )
    expect(withQuery('/api/v1/videos', {})).toBe('/api/v1/videos')
  })

  it('share a moment in whole seconds', () => {
    expect(watchAddress('https://x.example', 'abc', 83.9)).toBe('https://x.example/watch/abc?t=83')
    expect(watchAddress('https://x.example', 'abc')).toBe('https://x.example/watch/abc')
  })
})
