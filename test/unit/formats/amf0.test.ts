import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AmfValue, EcmaArray, encodeAmf0Values, readAmf0Values } from '../../../src/formats/amf0.ts'
import { MalformedError } from '../../../src/formats/bytes/malformed-error.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
const long = 'x'.repeat(0x10000)

/** Both directions. */
const CASES: [string, AmfValue, string][] = [
  ['a number', 1.5, '00 3ff8000000000000'],
  ['a negative number', -1, '00 bff0000000000000'],
  ['true', true, '01 01'],
  ['false', false, '01 00'],
  ['a string', 'live', '02 0004 6c697665'],
  ['an empty string', '', '02 0000'],
  ['a string in UTF-8', 'é', '02 0002 c3a9'],
  ['null', null, '05'],
  ['undefined', undefined, '06'],
  ['a date', new Date(1000), '0b 408f400000000000 0000'],
  ['an array', [1, 'a'], '0a 00000002 00 3ff0000000000000 02 0001 61'],
  ['an empty array', [], '0a 00000000'],
  ['an empty object', {}, '03 000009'],
  ['an object', { app: 'x', n: null }, '03 0003 617070 02 0001 78 0001 6e 05 000009'],
  ['a nested object', { a: { b: true } }, '03 0001 61 03 0001 62 01 01 000009 000009'],
  ['a long string', long, `0c 00010000 ${'78'.repeat(0x10000)}`],
]

describe.each(CASES)('%s', (_, value, text) => {
  it('is written', () => {
    expect(encodeAmf0Values([value]).equals(hex(text))).toBe(true)
  })
  it('is read', () => {
    expect(readAmf0Values(hex(text))).toEqual([value])
  })
  it('is malformed when cut anywhere', () => {
    const bytes = hex(text)
    for (let length = 1; length < Math.min(bytes.length, 64); length += 1) {
      expect(() => readAmf0Values(bytes.subarray(0, length))).toThrow(MalformedError)
    }
  })
})

describe('what is only written', () => {
  it('an ECMA array with its count', () => {
    expect(encodeAmf0Values([new EcmaArray({ w: 1 })]).toString('hex')).toBe(
      hex('08 00000001 0001 77 00 3ff0000000000000 000009').toString('hex'),
    )
  })
})

describe('what is only read', () => {
  it.each([
    ['an ECMA array as an object, whatever its count says', '08 ffffffff 0001 77 01 01 000009', { w: true }],
    ['a typed object as an object', '10 0001 43 0001 77 01 01 000009', { w: true }],
    ['an XML document as a string', '0f 00000001 78', 'x'],
    ['a reference as undefined', '07 0000', undefined],
    ['unsupported as undefined', '0d', undefined],
    ['an empty key that is not the end', '03 0000 01 01 000009', { '': true }],
    ['AMF3 null', '11 01', null],
    ['AMF3 true', '11 03', true],
    ['an AMF3 integer', '11 04 87ff7f', 0x1ffff],
    ['a negative AMF3 integer', '11 04 ffffffff', -1],
    ['an AMF3 double', '11 05 3ff8000000000000', 1.5],
    ['an AMF3 string', '11 06 0961626364', 'abcd'],
  ])('%s', (_, text, value) => {
    expect(readAmf0Values(hex(text))).toEqual([value])
  })
  it('a key named __proto__ like any other', () => {
    const [object] = readAmf0Values(hex('03 0009 5f5f70726f746f5f5f 03 0001 78 01 01 000009 000009'))
    expect(Object.keys(object as object)).toEqual(['__proto__'])
    expect(({} as { x?: boolean }).x).toBeUndefined()
  })
  it('several values one after another', () => {
    expect(readAmf0Values(hex('02 0001 61 00 0000000000000000 05'))).toEqual(['a', 0, null])
  })
  it('nothing', () => {
    expect(readAmf0Values(hex(''))).toEqual([])
  })
})

describe('limits', () => {
  it('refuses nesting beyond the depth, in objects and arrays', () => {
    const objects = hex(`${'03 0001 61'.repeat(100_000)}`)
    const arrays = hex(`${'0a 00000001'.repeat(100_000)}`)
    expect(() => readAmf0Values(objects)).toThrow('nested deeper than 8')
    expect(() => readAmf0Values(arrays)).toThrow('nested deeper than 8')
  })
  it('refuses keys that are too long', () => {
    const key = `0101 ${'61'.repeat(257)}`
    expect(() => readAmf0Values(hex(`03 ${key} 01 01 000009`))).toThrow('key of 257 bytes')
  })
  it('refuses too many values', () => {
    expect(() => readAmf0Values(hex('05'.repeat(1025)))).toThrow('more than 1024 values')
  })
  it('refuses an array longer than its bytes, before building it', () => {
    expect(() => readAmf0Values(hex('0a ffffffff 05'))).toThrow('array of 4294967295 values')
  })
  it('refuses unknown markers', () => {
    expect(() => readAmf0Values(hex('04'))).toThrow('marker 0x04')
    expect(() => readAmf0Values(hex('11 12'))).toThrow('AMF3 marker 0x12')
  })
  it('names the bytes wanted and the bytes there', () => {
    expect(() => readAmf0Values(hex('02 0004 61'))).toThrow('wanted bytes [3, 7), have [0, 4)')
  })
  it('throws nothing but MalformedError on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          readAmf0Values(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('any value', () => {
  const { value } = fc.letrec<{ value: AmfValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.double({ noNaN: true }),
      fc.boolean(),
      fc.string({ unit: 'grapheme' }),
      fc.constant(null),
      fc.constant(undefined),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }), tie('value'), { maxKeys: 4 }),
    ),
  }))
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), (values) => {
        expect(readAmf0Values(encodeAmf0Values(values))).toEqual(values)
      }),
    )
  })
})
