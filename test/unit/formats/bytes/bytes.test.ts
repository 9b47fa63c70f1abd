import { describe, expect, it } from 'vitest'
import { ByteReader } from '../../../../src/formats/bytes/byte-reader.ts'
import { ByteWriter } from '../../../../src/formats/bytes/byte-writer.ts'
import { MalformedError } from '../../../../src/formats/bytes/malformed-error.ts'

describe('a byte writer and a byte reader', () => {
  it('agree on every kind of value, in the middle of a larger buffer too', () => {
    const written = new ByteWriter()
      .writeU8(0xfe)
      .writeU16(0xfedc)
      .writeU24(0xfedcba)
      .writeU32(0xfedcba98)
      .writeU32Le(0xfedcba98)
      .writeF64(-1.5)
      .writeU16(0x8000)
      .writeBytes(Buffer.from('é'))
      .finish()
    const reader = new ByteReader(Buffer.concat([Buffer.alloc(7), written]).subarray(7))
    expect(reader.readU8()).toBe(0xfe)
    expect(reader.readU16()).toBe(0xfedc)
    expect(reader.readU24()).toBe(0xfedcba)
    expect(reader.readU32()).toBe(0xfedcba98)
    expect(reader.readU32Le()).toBe(0xfedcba98)
    expect(reader.readF64()).toBe(-1.5)
    expect(reader.readI16()).toBe(-0x8000)
    expect(reader.readUtf8(2)).toBe('é')
    expect(reader.remaining).toBe(0)
  })
  it('grow as needed, keeping what was written', () => {
    const writer = new ByteWriter()
    for (let i = 0; i < 1000; i += 1) writer.writeU8(i & 0xff)
    writer.writeBytes(Buffer.alloc(5000, 7))
    const bytes = writer.finish()
    expect(bytes.length).toBe(6000)
    expect([...bytes.subarray(0, 1000)]).toEqual(Array.from({ length: 1000 }, (_, i) => i & 0xff))
    expect(bytes.subarray(1000).every((byte) => byte === 7)).toBe(true)
  })
})

describe('reading past the end', () => {
  it('names the interval wanted and the one held, and moves nothing', () => {
    const reader = new ByteReader(Buffer.of(1, 2, 3), 1)
    expect(() => reader.readU32()).toThrow(MalformedError)
    expect(() => reader.readU32()).toThrow('wanted bytes [1, 5), have [0, 3)')
    expect(reader.readU16()).toBe(0x0203)
    for (const read of [
      () => reader.readU8(),
      () => reader.readU16(),
      () => reader.readU24(),
      () => reader.readU32Le(),
      () => reader.readF64(),
      () => reader.readI16(),
      () => reader.readBytes(1),
      () => reader.readUtf8(1),
    ]) {
      expect(read).toThrow(MalformedError)
    }
  })
})
