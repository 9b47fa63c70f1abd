/** Sessions broken on purpose, by a list of small damages that fast-check can shrink. */
import fc from 'fast-check'
import type { SessionPieces } from './session-pieces.ts'

/** All numbers are taken modulo what they choose from. */
export interface Damage {
  readonly kind:
    | 'flip-bit'
    | 'header-byte'
    | 'length-field'
    | 'any-byte'
    | 'cut-out'
    | 'cut-off'
    | 'insert'
    | 'repeat'
    | 'drop'
    | 'swap'
    | 'graft'
  readonly piece: number
  readonly at: number
  readonly value: number
}

export interface BrokenSession {
  readonly session: number
  readonly damages: readonly Damage[]
  /** Of the sizes in which the bytes arrive. */
  readonly reads: number
  /** `finished`: after what was sent has been read; the others do not wait for that. */
  readonly ending: 'finished' | 'lost' | 'drained' | 'timed-out'
}

/** Where a peer's mistakes hurt: sizes, types, chunk streams, first bytes. */
const TELLING_VALUES = [0, 1, 2, 3, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff, 0xffff, 0xffffff, 0x7fffff, 0x010000]

export function brokenSessions(): fc.Arbitrary<BrokenSession> {
  const value = fc.oneof(fc.constantFrom(...TELLING_VALUES), fc.nat(0xffffff))
  const damage = fc.record<Damage>({
    kind: fc.constantFrom(
      'flip-bit',
      'header-byte',
      'header-byte',
      'length-field',
      'any-byte',
      'cut-out',
      'cut-off',
      'insert',
      'repeat',
      'drop',
      'swap',
      'graft',
    ),
    piece: fc.nat(0xffff),
    at: fc.nat(0xffff),
    value,
  })
  return fc.record({
    session: fc.nat(0xff),
    damages: fc.array(damage, { minLength: 1, maxLength: 6 }),
    reads: fc.nat(0x7fffffff),
    ending: fc.constantFrom('finished', 'finished', 'lost', 'drained', 'timed-out'),
  })
}

/** The bytes of a session after its damages, one after another. */
export function breakSession(sessions: readonly SessionPieces[], broken: BrokenSession): Buffer {
  let pieces = (sessions[broken.session % sessions.length] as SessionPieces).pieces.map((piece) => piece)
  for (const damage of broken.damages) {
    if (pieces.length === 0) break
    pieces = applied(pieces, damage, sessions)
  }
  return Buffer.concat(pieces)
}

function applied(
  pieces: Uint8Array[],
  { kind, piece, at, value }: Damage,
  sessions: readonly SessionPieces[],
): Uint8Array[] {
  const index = piece % pieces.length
  const one = pieces[index] as Uint8Array
  const changed = (next: Uint8Array) => pieces.with(index, next)
  const offset = at % Math.max(1, one.byteLength)
  switch (kind) {
    case 'flip-bit':
      return changed(withByte(one, offset, (byte) => byte ^ (1 << (value & 7))))
    case 'any-byte':
      return changed(withByte(one, offset, () => value & 0xff))
    case 'header-byte':
      return changed(withByte(one, offset % 16, () => value & 0xff))
    case 'length-field': {
      // Bytes 4 to 6 of a type 0 chunk: the length of its message.
      const copy = Buffer.from(one)
      if (copy.byteLength >= 7) copy.writeUIntBE(value & 0xffffff, 4, 3)
      return changed(copy)
    }
    case 'cut-out':
      return changed(Buffer.concat([one.subarray(0, offset), one.subarray(offset + 1 + (value & 0x3f))]))
    case 'cut-off':
      return [...pieces.slice(0, index), one.subarray(0, offset)]
    case 'insert': {
      const added = Buffer.alloc(1 + (value & 0x3f), value & 0xff)
      return changed(Buffer.concat([one.subarray(0, offset), added, one.subarray(offset)]))
    }
    case 'repeat':
      return pieces.toSpliced(index, 0, ...Array.from({ length: 1 + (value & 7) }, () => one))
    case 'drop':
      return pieces.toSpliced(index, 1 + (value & 1))
    case 'swap': {
      const other = at % pieces.length
      return pieces.with(index, pieces[other] as Uint8Array).with(other, one)
    }
    case 'graft': {
      const donor = (sessions[value % sessions.length] as SessionPieces).pieces
      return pieces.toSpliced(index, 0, donor[at % donor.length] as Uint8Array)
    }
  }
}

function withByte(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const copy = Buffer.from(bytes)
  if (at < copy.byteLength) copy[at] = change(copy[at] as number) & 0xff
  return copy
}
