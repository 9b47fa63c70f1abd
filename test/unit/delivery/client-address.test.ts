import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { isOwnNetwork, makeClientAddresses } from '../../../src/delivery/client-address.ts'

const request = (remoteAddress: string | undefined, headers: IncomingHttpHeaders = {}) =>
  ({ socket: { remoteAddress }, headers, connection: { remoteAddress } }) as never as IncomingMessage

describe('whose request it is', () => {
  const behindOne = makeClientAddresses(['10.0.0.0/8', 'loopback'])
  const alone = makeClientAddresses([])

  it('is the peer’s, whatever it says of itself', () => {
    expect(alone.of(request('198.51.100.7'))).toBe('198.51.100.7')
    expect(alone.of(request('198.51.100.7', { 'x-forwarded-for': '203.0.113.1' }))).toBe('198.51.100.7')
    expect(behindOne.of(request('198.51.100.7', { 'x-forwarded-for': '203.0.113.1' }))).toBe('198.51.100.7')
  })

  it('is what a trusted proxy says, up to the first address that nobody vouches for', () => {
    expect(behindOne.of(request('10.1.2.3', { 'x-forwarded-for': '203.0.113.1' }))).toBe('203.0.113.1')
    expect(behindOne.of(request('::ffff:127.0.0.1', { 'x-forwarded-for': '203.0.113.1, 10.9.9.9' }))).toBe(
      '203.0.113.1',
    )
    expect(
      behindOne.of(request('10.1.2.3', { 'x-forwarded-for': '10.7.7.7, 203.0.113.1, 10.9.9.9' })),
      'what the client wrote itself is not believed',
    ).toBe('203.0.113.1')
  })

  it('is nobody’s when the peer has left', () => {
    expect(behindOne.of(request(undefined))).toBe('')
  })

  it('is hidden behind a proxy that is not trusted', () => {
    const forwarded = { 'x-forwarded-for': '203.0.113.1' }
    expect(alone.isHidden(request('127.0.0.1', forwarded))).toBe(true)
    expect(alone.isHidden(request('127.0.0.1', { forwarded: 'for=203.0.113.1' }))).toBe(true)
    expect(alone.isHidden(request('127.0.0.1'))).toBe(false)
    expect(behindOne.isHidden(request('127.0.0.1', forwarded))).toBe(false)
  })
})

it.each([
  ['127.0.0.1', true],
  ['::ffff:192.168.7.1', true],
  ['fd00::1', true],
  ['203.0.113.1', false],
  ['2001:db8::1', false],
  ['', false],
])('%j is of our own networks: %s', (address, expected) => {
  expect(isOwnNetwork(address)).toBe(expected)
})
