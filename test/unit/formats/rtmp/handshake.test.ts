import { createHmac, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MalformedError } from '../../../../src/formats/bytes/malformed-error.ts'
import { HANDSHAKE_BYTES } from '../../../../src/formats/rtmp/handshake.ts'
import { ServerHandshake } from '../../../../src/formats/rtmp/server-handshake.ts'

const PLAYER_KEY = 'Genuine Adobe Flash Player 001'
const SERVER_KEY = 'Genuine Adobe Flash Media Server 001'
const SECRET = 'f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae'

const offsetOf = (bytes: Buffer, base: number) =>
  base +
  4 +
  (((bytes[base] ?? 0) + (bytes[base + 1] ?? 0) + (bytes[base + 2] ?? 0) + (bytes[base + 3] ?? 0)) % 728)

function digestOf(bytes: Buffer, at: number, key: string | Buffer): Buffer {
  return createHmac('sha256', key)
    .update(bytes.subarray(0, at))
    .update(bytes.subarray(at + 32))
    .digest()
}

/** C1 as Flash Player makes it. */
function signedC1(base: number): Buffer {
  const c1 = randomBytes(HANDSHAKE_BYTES)
  c1.set([0, 0, 0, 0, 128, 0, 7, 2])
  const at = offsetOf(c1, base)
  c1.set(digestOf(c1, at, PLAYER_KEY), at)
  return c1
}

function answerTo(c1: Buffer): { s0: number; s1: Buffer; s2: Buffer } {
  const { answer } = new ServerHandshake(randomBytes).receive(Buffer.concat([Buffer.of(3), c1]))
  if (!answer) throw new Error('no answer')
  return { s0: answer[0] ?? 0, s1: answer.subarray(1, 1537), s2: answer.subarray(1537) }
}

describe('the handshake', () => {
  it('echoes a plain C1', () => {
    const c1 = randomBytes(HANDSHAKE_BYTES)
    const { s0, s1, s2 } = answerTo(c1)
    expect(s0).toBe(3)
    expect(s1.subarray(0, 8)).toEqual(Buffer.alloc(8))
    expect(s2.equals(c1)).toBe(true)
  })

  it.each([8, 772])('signs its answer to a digest at base %i', (base) => {
    const c1 = signedC1(base)
    const { s1, s2 } = answerTo(c1)
    const at = offsetOf(s1, base)
    expect(s1.subarray(at, at + 32)).toEqual(digestOf(s1, at, SERVER_KEY))
    const c1At = offsetOf(c1, base)
    const key = createHmac('sha256', Buffer.concat([Buffer.from(SERVER_KEY), Buffer.from(SECRET, 'hex')]))
      .update(c1.subarray(c1At, c1At + 32))
      .digest()
    expect(s2.subarray(1504)).toEqual(digestOf(s2, 1504, key))
  })

  it('answers once, and gives back what follows it, however the bytes are split', () => {
    const all = Buffer.concat([Buffer.of(3), randomBytes(2 * HANDSHAKE_BYTES), Buffer.from('rest')])
    for (let at = 0; at <= all.length; at += 1) {
      const handshake = new ServerHandshake(randomBytes)
      const steps = [handshake.receive(all.subarray(0, at))]
      if (!steps[0]?.rest) steps.push(handshake.receive(all.subarray(at)))
      expect(steps.filter(({ answer }) => answer).length).toBe(1)
      const after = all.subarray(at)
      const rest = steps[1]?.rest ?? Buffer.concat([steps[0]?.rest ?? Buffer.alloc(0), after])
      expect(Buffer.from(rest).toString()).toBe('rest')
    }
  })

  it.each([
    [0x16, 'TLS'],
    [0x06, 'RTMPE'],
    [0x47, 'HTTP'],
    [0x00, 'version 0'],
  ])('refuses first byte %i by name', (first, name) => {
    expect(() => new ServerHandshake(randomBytes).receive(Buffer.of(first))).toThrow(name)
  })

  it('throws nothing but MalformedError on random bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 2000 }), { maxLength: 4 }), (reads) => {
        const handshake = new ServerHandshake(randomBytes)
        try {
          for (const read of reads) if (handshake.receive(read).rest) return
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError)
        }
      }),
    )
  })
})
