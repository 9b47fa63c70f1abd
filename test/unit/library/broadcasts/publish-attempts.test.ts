import { expect, it } from 'vitest'
import { PublishAttempts } from '../../../../src/library/broadcasts/publish-attempts.ts'

function makeAttempts() {
  const clock = { ms: 1_000_000 }
  const attempts = new PublishAttempts(() => clock.ms)
  const guess = (address: string, key: string) => {
    const refusal = attempts.ask(address, key)
    if (refusal === undefined) attempts.wrong(address, key)
    return refusal
  }
  return { attempts, guess, clock }
}

it('stops an address after ten different wrong keys, and says for how long', () => {
  const { guess, clock } = makeAttempts()
  for (let i = 0; i < 10; i += 1) expect(guess('192.0.2.1', `guess ${i}`)).toBeUndefined()
  expect(guess('192.0.2.1', 'guess 10')).toBe(
    'Too many wrong stream keys from your address. Try again in 60 s.',
  )
  expect(guess('192.0.2.2', 'guess 10')).toBeUndefined()
  clock.ms += 60_001
  expect(guess('192.0.2.1', 'guess 10')).toBeUndefined()
})

it('counts all of an IPv6 subscriber as one', () => {
  const { guess } = makeAttempts()
  for (let i = 0; i < 10; i += 1) guess(`2001:db8::${i}`, `guess ${i}`)
  expect(guess('2001:db8::ffff', 'another')).toContain('Too many wrong')
  expect(guess('2001:db8:0:1::1', 'another')).toBeUndefined()
})

it('takes an encoder that sends one wrong key again and again for no guesser', () => {
  const { attempts, guess } = makeAttempts()
  for (let i = 0; i < 100; i += 1) guess('192.0.2.1', 'mistyped')
  expect(attempts.ask('192.0.2.1', 'right')).toBeUndefined()
})

it('lets in keys that were right before from an address where somebody guesses', () => {
  const { attempts, guess } = makeAttempts()
  attempts.right('known')
  for (let i = 0; i < 11; i += 1) guess('192.0.2.1', `guess ${i}`)
  expect(attempts.ask('192.0.2.1', 'never seen')).toContain('Too many wrong')
  expect(attempts.ask('192.0.2.1', 'known')).toBeUndefined()
})

it('bounds what one key may ask for, from whatever addresses', () => {
  const { attempts, clock } = makeAttempts()
  attempts.right('key')
  for (let i = 0; i < 120; i += 1) {
    expect(attempts.ask(`192.0.2.${i}`, 'key')).toBeUndefined()
    clock.ms += 100
  }
  expect(attempts.ask('198.51.100.1', 'key')).toBe(
    'Too many attempts with this stream key. Try again in 48 s.',
  )
  expect(attempts.ask('198.51.100.1', 'another')).toBeUndefined()
  clock.ms += 60_000
  expect(attempts.ask('198.51.100.1', 'key')).toBeUndefined()
})
