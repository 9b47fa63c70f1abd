/** AMF3 behind AMF0's marker 0x11, byte for byte from the specification. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  COMMAND_LIMITS,
  EcmaArray,
  encodeAmf0Values,
  readAmf0Values,
  withoutAmf3,
} from '../../../src/formats/amf0.ts'
import { MalformedError } from '../../../src/formats/bytes/malformed-error.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
/** A string literal of up to 63 bytes. */
const text = (value: string) => Buffer.of((value.length << 1) | 1, ...Buffer.from(value)).toString('hex')
const read = (bytes: string) => readAmf0Values(hex(bytes))

describe('AMF3 values', () => {
  it.each<[string, string, unknown]>([
    ['undefined', '11 00', undefined],
    ['null', '11 01', null],
    ['false', '11 02', false],
    ['an integer of one byte', '11 04 7f', 127],
    ['an integer of two bytes', '11 04 8100', 128],
    ['an integer of three bytes', '11 04 818000', 16_384],
    ['the largest integer', '11 04 bfffffff', 268_435_455],
    ['the least integer', '11 04 c0808000', -268_435_456],
    ['an empty string', '11 06 01', ''],
    ['XML', `11 0b ${text('<a/>')}`, '<a/>'],
    ['an old XML document', `11 07 ${text('<a/>')}`, '<a/>'],
    ['a date', '11 08 01 4270000000000000', new Date(2 ** 40)],
    ['an array', `11 09 05 01 04 01 06 ${text('b')}`, [1, 'b']],
    ['an empty array', '11 09 01 01', []],
    [
      'an array with names',
      `11 09 03 ${text('k')} 03 01 04 05`,
      Object.assign(Object.create(null), { k: true, 0: 5 }),
    ],
    ['an object without members', `11 0a 03 01`, Object.create(null)],
    [
      'an object with sealed members',
      `11 0a 23 ${text('C')} ${text('a')} ${text('b')} 04 01 06 ${text('x')}`,
      Object.assign(Object.create(null), { a: 1, b: 'x' }),
    ],
    [
      'a dynamic object',
      `11 0a 0b 01 ${text('width')} 04 8500 ${text('deep')} 0a 01 ${text('z')} 03 01 01`,
      Object.assign(Object.create(null), {
        width: 640,
        deep: Object.assign(Object.create(null), { z: true }),
      }),
    ],
    [
      'a key such as __proto__, which is a key like any other',
      `11 0a 0b 01 ${text('__proto__')} 04 01 01`,
      Object.assign(Object.create(null), JSON.parse('{"__proto__": 1}')),
    ],
    [
      'what Flex wraps',
      `11 0a 07 43 ${Buffer.from('flex.messaging.io.ArrayCollection').toString('hex')} 09 03 01 04 07`,
      [7],
    ],
    ['a vector of integers', '11 0d 05 00 00000001 ffffffff', [1, -1]],
    ['a vector of unsigned integers', '11 0e 03 00 ffffffff', [4_294_967_295]],
    ['a vector of doubles', '11 0f 03 00 3ff8000000000000', [1.5]],
    ['a vector of objects', `11 10 03 00 01 06 ${text('o')}`, ['o']],
    ['a byte array, which is left out', '11 0c 07 010203', undefined],
    ['a dictionary, which is left out', `11 11 03 00 06 ${text('k')} 04 01`, undefined],
  ])('%s', (_, bytes, value) => {
    expect(read(bytes)).toEqual([value])
    // Whatever follows is AMF0 again.
    expect(read(`${bytes} 05`)).toEqual([value, null])
  })

  it('refer to strings, objects and traits that came before in the message', () => {
    const object = `0a 13 ${text('C')} ${text('a')} 04 01`
    // Another of the same class; the same object again; the same string again, across values.
    const values = read(`11 ${object} 11 0a 01 04 02 11 0a 00 11 06 02`)
    expect(values).toEqual([{ a: 1 }, { a: 2 }, { a: 1 }, 'a'])
    expect(values[0]).toBe(values[2])
  })

  it.each([
    ['a string that there is not', '11 06 02'],
    ['an object that there is not', '11 0a 00'],
    ['traits that there are not', '11 0a 05'],
    ['an object that only its makers can read', `11 0a 07 ${text('C')}`],
    ['an array of more than there is', '11 09 ffffffff 01'],
    ['a vector of more than there is', '11 0d 85 00 00000001'],
    ['members that there are not', `11 0a fffffff3 01`],
    ['an unknown marker', '11 12'],
  ])('refuse %s', (_, bytes) => {
    expect(() => read(bytes)).toThrow(MalformedError)
  })

  it('are bounded in depth', () => {
    expect(() => read(`11 ${'09 03 01'.repeat(30)} 01`)).toThrow('deeper than')
  })

  it('cost what they refer to: ten references to ten references, ten deep', () => {
    // Each array holds ten times the one before: ten bytes each that would become 10^10 values.
    const arrays = Array.from(
      { length: 10 },
      (_, i) => `11 09 15 01 ${`09 ${(i * 2).toString(16).padStart(2, '0')}`.repeat(10)}`,
    )
    expect(() => read(`11 09 01 01 ${arrays.join('')}`)).toThrow('more than 1024 values')
    const long = Buffer.alloc(40_000, 0x61).toString('hex')
    // 40,000 characters: a U29 of three bytes, 84 f1 01.
    expect(() => read(`11 06 84f101 ${long} ${'11 06 00'.repeat(100)}`)).toThrow('too much repeated text')
  })

  it('that hold themselves are read once', () => {
    expect(read(`11 09 03 01 09 00`)).toEqual([[undefined]])
  })

  it('throw nothing but MalformedError on any bytes, and take little time', () => {
    const marker = fc.constantFrom(0x06, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0f, 0x10, 0x11)
    const bytes = fc.array(fc.oneof(marker, fc.constantFrom(0, 1, 2, 3, 5, 7, 0x0b, 0x13), fc.nat(255)), {
      maxLength: 80,
    })
    fc.assert(
      fc.property(bytes, (body) => {
        try {
          const values = readAmf0Values(Buffer.of(0x11, ...body))
          encodeAmf0Values(values)
        } catch (error) {
          if (!(error instanceof MalformedError)) throw error
        }
      }),
      { numRuns: 5000 },
    )
  })
})

describe('a message without AMF3', () => {
  const limits = COMMAND_LIMITS
  it('has the same values', () => {
    const name = encodeAmf0Values(['onMetaData']).toString('hex')
    const bytes = hex(`${name} 11 0a 0b 01 ${text('width')} 04 8500 01`)
    const rewritten = withoutAmf3(bytes, limits)
    expect(rewritten && readAmf0Values(rewritten)).toEqual(['onMetaData', { width: 640 }])
    expect(rewritten?.includes(0x11)).toBe(false)
  })
  it('needs no rewriting when there was none, and is not written when something would be lost', () => {
    expect(withoutAmf3(encodeAmf0Values(['a', new EcmaArray({ b: 1 })]), limits)).toBeUndefined()
    expect(withoutAmf3(hex('11 0c 07 010203'), limits)).toBeUndefined()
    expect(withoutAmf3(hex('11 09 03 01 09 00'), limits)).toBeUndefined()
  })
})
