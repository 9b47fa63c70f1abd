/**
 * AMF0, the value format of RTMP commands and FLV script tags: a marker byte, then the value.
 *
 *     00 number f64     01 boolean u8      02 string u16+utf8   03 object {key u16+utf8, value}* 00 00 09
 *     05 null           06 undefined       07 reference u16     08 ECMA array u32 + as object
 *     0a strict array   0b date f64+i16    0c long string u32   0d unsupported   0f XML u32
 *     10 typed object   11 one value in AMF3 follows (amf3.ts)
 *
 * Spec: AMF 0 (2006) §2. Objects, ECMA arrays and typed objects all become objects without a
 * prototype, so that a key such as `__proto__` is a key like any other. References and
 * "unsupported" become undefined: no publisher or player is known to depend on them.
 */
import { Amf3Reader } from './amf3.ts'
import { ByteReader } from './bytes/byte-reader.ts'
import { ByteWriter } from './bytes/byte-writer.ts'
import { MalformedError } from './bytes/malformed-error.ts'

export type AmfValue =
  | number
  | boolean
  | string
  | null
  | undefined
  | Date
  | AmfObject
  | EcmaArray
  | readonly AmfValue[]

export interface AmfObject {
  readonly [key: string]: AmfValue
}

/** To be written as an ECMA array, as `onMetaData` is. Reading gives a plain object. */
export class EcmaArray {
  readonly entries: AmfObject

  constructor(entries: AmfObject) {
    this.entries = entries
  }
}

/** What a sender may make us build. The length of the bytes bounds the strings. */
export interface AmfLimits {
  readonly maxDepth: number
  /** Values in all, nested ones included. */
  readonly maxElements: number
  readonly maxKeyBytes: number
}

export const COMMAND_LIMITS: AmfLimits = { maxDepth: 8, maxElements: 1024, maxKeyBytes: 256 }

/** Every value to the end of the bytes. Throws MalformedError. */
export function readAmf0Values(bytes: Uint8Array, limits: AmfLimits = COMMAND_LIMITS): AmfValue[] {
  return readAll(makeState(bytes, limits))
}

/**
 * The same values without AMF3 among them. Undefined when there is none to begin with, or when AMF0 cannot say
 * what is there. Throws MalformedError.
 */
export function withoutAmf3(bytes: Uint8Array, limits: AmfLimits): Buffer | undefined {
  const state = makeState(bytes, limits)
  const values = readAll(state)
  return state.amf3 && state.amf3.lost === 0 ? encodeAmf0Values(values) : undefined
}

interface ReadState {
  readonly reader: ByteReader
  readonly limits: AmfLimits
  elements: number
  /** Its tables are those of the whole message. */
  amf3: Amf3Reader | undefined
}

function makeState(bytes: Uint8Array, limits: AmfLimits): ReadState {
  return { reader: new ByteReader(bytes), limits, elements: 0, amf3: undefined }
}

function readAll(state: ReadState): AmfValue[] {
  const values: AmfValue[] = []
  while (state.reader.remaining > 0) values.push(readValue(state, 0))
  return values
}

/** Gives how many there are now. */
function count(state: ReadState, elements: number): number {
  state.elements += elements
  if (state.elements > state.limits.maxElements) {
    throw new MalformedError(`AMF with more than ${state.limits.maxElements} values`)
  }
  return state.elements
}

function readValue(state: ReadState, depth: number): AmfValue {
  const { reader, limits } = state
  if (depth > limits.maxDepth) throw new MalformedError(`AMF0 nested deeper than ${limits.maxDepth}`)
  count(state, 1)
  const marker = reader.readU8()
  switch (marker) {
    case 0x00:
      return reader.readF64()
    case 0x01:
      return reader.readU8() !== 0
    case 0x02:
      return reader.readUtf8(reader.readU16())
    case 0x03:
      return readEntries(state, depth)
    case 0x05:
      return null
    case 0x06:
    case 0x0d:
      return undefined
    case 0x07:
      reader.readU16()
      return undefined
    case 0x08:
      // The announced count is a hint that senders get wrong; the end marker decides.
      reader.readU32()
      return readEntries(state, depth)
    case 0x0a:
      return readStrictArray(state, depth)
    case 0x0b: {
      const date = new Date(reader.readF64())
      reader.readI16()
      return date
    }
    case 0x0c:
    case 0x0f:
      return reader.readUtf8(reader.readU32())
    case 0x10:
      reader.readBytes(reader.readU16())
      return readEntries(state, depth)
    case 0x11:
      state.amf3 ??= new Amf3Reader(reader, limits, (elements) => count(state, elements))
      return state.amf3.readValue(depth)
    default:
      throw new MalformedError(`AMF0 marker 0x${marker.toString(16).padStart(2, '0')} is unknown`)
  }
}

function readEntries(state: ReadState, depth: number): AmfObject {
  const { reader, limits } = state
  const object: Record<string, AmfValue> = Object.create(null)
  for (;;) {
    const keyBytes = reader.readU16()
    if (keyBytes > limits.maxKeyBytes) {
      throw new MalformedError(`AMF0 key of ${keyBytes} bytes; the limit is ${limits.maxKeyBytes}`)
    }
    const key = reader.readUtf8(keyBytes)
    if (keyBytes === 0 && reader.remaining > 0 && reader.bytes[reader.offset] === OBJECT_END) {
      reader.offset += 1
      return object
    }
    object[key] = readValue(state, depth + 1)
  }
}

function readStrictArray(state: ReadState, depth: number): AmfValue[] {
  const count = state.reader.readU32()
  // A value takes a byte at least, so an impossible count is known before anything is built.
  if (count > state.reader.remaining) {
    throw new MalformedError(`AMF0 array of ${count} values in ${state.reader.remaining} bytes`)
  }
  const values: AmfValue[] = []
  for (let i = 0; i < count; i += 1) values.push(readValue(state, depth + 1))
  return values
}

const OBJECT_END = 0x09
const MAX_SHORT_STRING_BYTES = 0xffff

export function encodeAmf0Values(values: readonly AmfValue[]): Buffer {
  const writer = new ByteWriter()
  for (const value of values) writeValue(writer, value)
  return writer.finish()
}

function writeValue(writer: ByteWriter, value: AmfValue): void {
  if (typeof value === 'number') writer.writeU8(0x00).writeF64(value)
  else if (typeof value === 'boolean') writer.writeU8(0x01).writeU8(value ? 1 : 0)
  else if (typeof value === 'string') writeString(writer, value)
  else if (value === null) writer.writeU8(0x05)
  else if (value === undefined) writer.writeU8(0x06)
  else if (value instanceof Date) writer.writeU8(0x0b).writeF64(value.getTime()).writeU16(0)
  else if (value instanceof EcmaArray) {
    writer.writeU8(0x08).writeU32(Object.keys(value.entries).length)
    writeEntries(writer, value.entries)
  } else if (isArray(value)) {
    writer.writeU8(0x0a).writeU32(value.length)
    for (const item of value) writeValue(writer, item)
  } else {
    writer.writeU8(0x03)
    writeEntries(writer, value)
  }
}

function writeString(writer: ByteWriter, value: string): void {
  const bytes = Buffer.from(value, 'utf8')
  if (bytes.length <= MAX_SHORT_STRING_BYTES) writer.writeU8(0x02).writeU16(bytes.length).writeBytes(bytes)
  else writer.writeU8(0x0c).writeU32(bytes.length).writeBytes(bytes)
}

function writeEntries(writer: ByteWriter, object: AmfObject): void {
  for (const [key, value] of Object.entries(object)) {
    const bytes = Buffer.from(key, 'utf8')
    writer.writeU16(bytes.length).writeBytes(bytes)
    writeValue(writer, value)
  }
  writer.writeU16(0).writeU8(OBJECT_END)
}

/** Array.isArray does not narrow readonly arrays. */
function isArray(value: AmfValue): value is readonly AmfValue[] {
  return Array.isArray(value)
}
