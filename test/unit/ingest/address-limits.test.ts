import { expect, it } from 'vitest'
import { AddressLimits, type AddressSeat, addressGroup } from '../../../src/ingest/address-limits.ts'

const taken = (limits: AddressLimits, address: string): AddressSeat => {
  const seat = limits.take(address)
  if (!seat) throw new Error(`${address} was refused`)
  return seat
}

it('counts the connections of one address and of no other', () => {
  const limits = new AddressLimits({ maxConnections: 2, maxHandshakes: 0 })
  const first = taken(limits, '192.0.2.1')
  taken(limits, '192.0.2.1').opened()
  expect(limits.take('192.0.2.1')).toBeUndefined()
  taken(limits, '192.0.2.2')
  first.leave()
  first.leave()
  taken(limits, '192.0.2.1')
  expect(limits.take('192.0.2.1')).toBeUndefined()
})

it('counts unfinished handshakes apart', () => {
  const limits = new AddressLimits({ maxConnections: 0, maxHandshakes: 2 })
  const seats = [taken(limits, 'a'), taken(limits, 'a')]
  expect(limits.take('a')).toBeUndefined()
  seats[0]?.opened()
  seats[0]?.opened()
  seats.push(taken(limits, 'a'))
  expect(limits.take('a')).toBeUndefined()
  seats[1]?.leave()
  taken(limits, 'a')
  expect(limits.take('a')).toBeUndefined()
})

it('forgets an address that holds nothing', () => {
  const limits = new AddressLimits({ maxConnections: 1, maxHandshakes: 1 })
  for (let i = 0; i < 1000; i += 1) taken(limits, `192.0.2.${i}`).leave()
  expect(limits.size).toBe(0)
})

it('0 is no limit', () => {
  const limits = new AddressLimits({ maxConnections: 0, maxHandshakes: 0 })
  for (let i = 0; i < 1000; i += 1) taken(limits, 'a')
})

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8:1:2::7', '2001:db8:1:2'],
  ['2001:db8::7', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['', ''],
])('%s counts for %s', (address, group) => expect(addressGroup(address)).toBe(group))
