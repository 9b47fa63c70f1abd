/**
 * AMF3, as it stands behind AMF0's marker 0x11: a marker byte, then the value. Lengths and references are U29s,
 * whose lowest bit says which of the two they are.
 *
 *     00 undefined   01 null   02 false   03 true    04 integer u29   05 double f64   06 string
 *     07 XML doc     08 date   09 array   0a object  0b XML           0c byte array
 *     0d 0e 0f 10 vectors of integers, unsigned integers, doubles, objects            11 dictionary
 *
 * Tables of strings, objects and traits are those of the message. A reference costs what it stands for, since what
 * is written out again would be as large; one to a value that is not complete yet becomes undefined. Byte arrays
 * and dictionaries become undefined and are counted as lost: AMF0 has no word for them.
 * Spec: AMF 3 (January 2013) §1.3, §2.2, §3
 */
import type { AmfLimits, AmfValue } from './amf0.ts'
import type { ByteReader } from './bytes/byte-reader.ts'
import { MalformedError } from './bytes/malformed-error.ts'

interface Traits {
  readonly names: readonly string[]
  readonly dynamic: boolean
  /** Flex wraps collections so: one value follows. */
  readonly wrapper: boolean
}

interface Known {
  readonly value: AmfValue
  /** Values in it; undefined: it is being read. */
  readonly elements: number | undefined
}

/** Text that references may add, UTF-16 units. */
const MAX_REPEATED_TEXT = 1024 * 1024
const WRAPPERS = new Set(['flex.messaging.io.ArrayCollection', 'flex.messaging.io.ObjectProxy'])

export class Amf3Reader {
  readonly #reader: ByteReader
  readonly #limits: AmfLimits
  readonly #count: (elements: number) => number
  readonly #strings: string[] = []
  readonly #objects: Known[] = []
  readonly #traits: Traits[] = []
  #repeatedText = 0
  #lost = 0

  /** `count` adds to the values of the message and gives their number; it throws when there are too many. */
  constructor(reader: ByteReader, limits: AmfLimits, count: (elements: number) => number) {
    this.#reader = reader
    this.#limits = limits
    this.#count = count
  }

  /** Values that were there and are not given. */
  get lost(): number {
    return this.#lost
  }

  /** Throws MalformedError. */
  readValue(depth: number): AmfValue {
    if (depth > this.#limits.maxDepth)
      throw new MalformedError(`AMF3 nested deeper than ${this.#limits.maxDepth}`)
    this.#count(1)
    const reader = this.#reader
    const marker = reader.readU8()
    switch (marker) {
      case 0x00:
        return undefined
      case 0x01:
        return null
      case 0x02:
        return false
      case 0x03:
        return true
      case 0x04: {
        const value = this.#readU29()
        return value >= 1 << 28 ? value - (1 << 29) : value
      }
      case 0x05:
        return reader.readF64()
      case 0x06:
        return this.#readString()
      case 0x07:
      case 0x0b:
        return this.#readObject((length) => reader.readUtf8(length))
      case 0x08:
        return this.#readObject(() => new Date(reader.readF64()))
      case 0x09:
        return this.#readObject((length) => this.#readArray(length, depth))
      case 0x0a:
        return this.#readObject((header) => this.#readEntries(header, depth))
      case 0x0c:
        return this.#readObject((length) => this.#lose(() => reader.readBytes(length)))
      case 0x0d:
      case 0x0e:
      case 0x0f:
      case 0x10:
        return this.#readObject((length) => this.#readVector(marker, length, depth))
      case 0x11:
        return this.#readObject((length) => this.#lose(() => this.#skipDictionary(length, depth)))
      default:
        throw new MalformedError(`AMF3 marker 0x${marker.toString(16).padStart(2, '0')} is unknown`)
    }
  }

  /** `make` is given the length, or whatever the bits above the lowest say. */
  #readObject(make: (header: number) => AmfValue): AmfValue {
    const head = this.#readU29()
    if ((head & 1) === 0) {
      const known = this.#objects[head >> 1]
      if (!known) throw new MalformedError(`AMF3 reference to object ${head >> 1}, which there is not`)
      if (known.elements === undefined) return this.#lose(() => {})
      this.#count(known.elements)
      return typeof known.value === 'string' ? this.#repeat(known.value) : known.value
    }
    const index = this.#objects.push({ value: undefined, elements: undefined }) - 1
    const before = this.#count(0)
    const value = make(head >> 1)
    this.#objects[index] = { value, elements: this.#count(0) - before }
    return value
  }

  #readArray(length: number, depth: number): AmfValue {
    this.#expect(length, 1)
    const named = this.#readNamed(depth)
    const values: AmfValue[] = []
    for (let i = 0; i < length; i += 1) values.push(this.readValue(depth + 1))
    if (Object.keys(named).length === 0) return values
    return Object.assign(named, Object.fromEntries(values.entries()))
  }

  /** `header`: not a reference; 1 bit "traits follow", 1 bit "externalizable", 1 bit "dynamic", then how many names. */
  #readEntries(header: number, depth: number): AmfValue {
    const traits = this.#readTraits(header)
    if (traits.wrapper) return this.readValue(depth + 1)
    const object: Record<string, AmfValue> = Object.create(null)
    for (const name of traits.names) object[name] = this.readValue(depth + 1)
    return traits.dynamic ? Object.assign(object, this.#readNamed(depth)) : object
  }

  #readTraits(header: number): Traits {
    if ((header & 1) === 0) {
      const known = this.#traits[header >> 1]
      if (!known) throw new MalformedError(`AMF3 reference to traits ${header >> 1}, which there are not`)
      return known
    }
    const className = this.#readString()
    const wrapper = WRAPPERS.has(className)
    if ((header & 2) !== 0 && !wrapper)
      throw new MalformedError('AMF3 object of a class that only its makers can read')
    const count = (header & 2) !== 0 ? 0 : header >> 3
    this.#expect(count, 1)
    const names = Array.from({ length: count }, () => this.#readKey())
    const traits = { names, dynamic: (header & 4) !== 0, wrapper: wrapper && (header & 2) !== 0 }
    this.#traits.push(traits)
    return traits
  }

  /** Names and values up to an empty name. */
  #readNamed(depth: number): Record<string, AmfValue> {
    const object: Record<string, AmfValue> = Object.create(null)
    for (let key = this.#readKey(); key !== ''; key = this.#readKey()) object[key] = this.readValue(depth + 1)
    return object
  }

  #readVector(marker: number, length: number, depth: number): AmfValue {
    const reader = this.#reader
    this.#expect(length, marker === 0x10 ? 1 : marker === 0x0f ? 8 : 4)
    reader.readU8()
    if (marker === 0x10) this.#readString()
    else this.#count(length)
    return Array.from({ length }, () => {
      if (marker === 0x10) return this.readValue(depth + 1)
      return marker === 0x0f ? reader.readF64() : marker === 0x0e ? reader.readU32() : reader.readU32() | 0
    })
  }

  #skipDictionary(length: number, depth: number): void {
    this.#expect(length, 2)
    this.#reader.readU8()
    for (let i = 0; i < 2 * length; i += 1) this.readValue(depth + 1)
  }

  #lose(skip: () => unknown): undefined {
    skip()
    this.#lost += 1
    return undefined
  }

  /** What is announced must fit, so that nothing is built for what cannot come. */
  #expect(count: number, bytesEach: number): void {
    if (count * bytesEach > this.#reader.remaining)
      throw new MalformedError(`AMF3 with ${count} values in ${this.#reader.remaining} bytes`)
  }

  #readKey(): string {
    const key = this.#readString()
    if (key.length > this.#limits.maxKeyBytes)
      throw new MalformedError(
        `AMF3 key of ${key.length} characters; the limit is ${this.#limits.maxKeyBytes}`,
      )
    return key
  }

  #readString(): string {
    const head = this.#readU29()
    if ((head & 1) === 0) {
      const known = this.#strings[head >> 1]
      if (known === undefined)
        throw new MalformedError(`AMF3 reference to string ${head >> 1}, which there is not`)
      return this.#repeat(known)
    }
    const text = this.#reader.readUtf8(head >> 1)
    // The empty string is never referred to.
    if (text !== '') this.#strings.push(text)
    return text
  }

  #repeat(text: string): string {
    this.#repeatedText += text.length
    if (this.#repeatedText > MAX_REPEATED_TEXT) throw new MalformedError('AMF3 with too much repeated text')
    return text
  }

  /** 7 bits a byte, the top bit saying that more follow; the fourth byte gives all of its 8. §1.3.1 */
  #readU29(): number {
    let value = 0
    for (let i = 0; i < 3; i += 1) {
      const byte = this.#reader.readU8()
      value = (value << 7) | (byte & 0x7f)
      if (byte < 0x80) return value
    }
    return (value << 8) | this.#reader.readU8()
  }
}
