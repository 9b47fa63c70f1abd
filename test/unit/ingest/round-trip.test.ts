import { expect, it } from 'vitest'
import { RoundTrip } from '../../../src/ingest/round-trip.ts'

it('measures by what is sent back, every five seconds', () => {
  const trip = new RoundTrip()
  expect(trip.ask(1000.7)).toBe(true)
  expect(trip.milliseconds).toBeUndefined()
  trip.answer(1000, 1042.7)
  expect(trip.milliseconds).toBe(42)
  expect(trip.ask(5000)).toBe(false)
  expect(trip.ask(6000.7)).toBe(true)
})

it('asks nobody again who has not answered', () => {
  const trip = new RoundTrip()
  trip.ask(1000)
  trip.answer(999, 1010)
  expect(trip.milliseconds).toBeUndefined()
  expect(trip.ask(1_000_000)).toBe(false)
  trip.answer(1000, 1_000_100)
  expect(trip.ask(1_000_200)).toBe(true)
})

it('is in a hurry only shortly after a ping', () => {
  const trip = new RoundTrip()
  expect(trip.awaits(0)).toBe(false)
  trip.ask(1000)
  expect([trip.awaits(1010), trip.awaits(1600)]).toEqual([true, false])
  trip.answer(1000, 1700)
  expect(trip.awaits(1700)).toBe(false)
})
