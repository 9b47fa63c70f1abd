import { describe, expect, it } from 'vitest'
import { decodesWith, hasTwoConfigs, joinAvcConfigs } from '../../../src/packaging/joined-config.ts'

/** Exponential Golomb of 0 and 1, then something of the set's own. */
const ids = [0b1000_0000, 0b0100_0000]
const sps = (id: 0 | 1, own: number) => Buffer.of(0x67, 0x64, 0, 0x1f, ids[id] ?? 0, own)
const pps = (id: 0 | 1, own: number) => Buffer.of(0x68, (ids[id] ?? 0) | 0b0010_0000, own)
const config = (id: 0 | 1, own: number) =>
  Buffer.concat([
    ...[Buffer.of(1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 6), sps(id, own)],
    ...[Buffer.of(1, 0, 3), pps(id, own), Buffer.of(0xfd, 0xf8, 0xf8, 0)],
  ])
const initWith = (record: Buffer) => {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(record.byteLength + 8)
  return Buffer.concat([
    Buffer.from('an init …'),
    size,
    Buffer.from('avcC'),
    record,
    Buffer.from('… goes on'),
  ])
}

describe('one configuration for two encoders', () => {
  const [hardware, software] = [config(0, 7), config(1, 9)]

  it('has the parameter sets of both, and what stood behind', () => {
    expect(Buffer.from(joinAvcConfigs(hardware, software)).toString('hex')).toBe(
      Buffer.concat([
        ...[Buffer.of(1, 0x64, 0, 0x1f, 0xff, 0xe2, 0, 6), sps(0, 7), Buffer.of(0, 6), sps(1, 9)],
        ...[Buffer.of(2, 0, 3), pps(0, 7), Buffer.of(0, 3), pps(1, 9), Buffer.of(0xfd, 0xf8, 0xf8, 0)],
      ]).toString('hex'),
    )
  })

  it('is not to be had of two that claim one identifier', () => {
    expect(() => joinAvcConfigs(hardware, config(0, 9))).toThrow('cannot be continued')
  })

  it('decodes what either made, and nothing else', () => {
    const init = initWith(Buffer.from(joinAvcConfigs(hardware, software)))
    expect(hasTwoConfigs(init)).toBe(true)
    expect(hasTwoConfigs(initWith(hardware))).toBe(false)
    expect(hasTwoConfigs(Buffer.from('of another codec'))).toBe(false)
    expect(decodesWith(init, initWith(hardware))).toBe(true)
    expect(decodesWith(init, initWith(software))).toBe(true)
    expect(decodesWith(init, initWith(config(1, 8)))).toBe(false)
    expect(decodesWith(initWith(hardware), init)).toBe(false)
    expect(decodesWith(Buffer.from('x'), Buffer.from('x'))).toBe(true)
    expect(decodesWith(Buffer.from('x'), initWith(hardware))).toBe(false)
  })

  it('that is cut off is an error in words', () => {
    expect(() => hasTwoConfigs(initWith(hardware.subarray(0, 10)))).toThrow('cannot be read')
  })
})
