import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MalformedError } from '../../../../src/formats/bytes/malformed-error.ts'
import { readAggregate } from '../../../../src/formats/rtmp/aggregate.ts'
import {
  acknowledgement,
  pingResponse,
  readControlMessage,
  setChunkSize,
  setPeerBandwidth,
  streamBegin,
  streamEof,
  windowAckSize,
} from '../../../../src/formats/rtmp/control-message.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

describe('control messages', () => {
  it.each([
    [
      'Acknowledgement',
      acknowledgement(0x1_0000_0005),
      3,
      '00000005',
      { kind: 'acknowledgement', sequence: 5 },
    ],
    [
      'Window Ack Size',
      windowAckSize(2_500_000),
      5,
      '002625a0',
      { kind: 'window-ack-size', bytes: 2_500_000 },
    ],
    [
      'Set Peer Bandwidth',
      setPeerBandwidth(1),
      6,
      '00000001 02',
      { kind: 'peer-bandwidth', bytes: 1, limit: 2 },
    ],
    ['Ping Response', pingResponse(9), 4, '0007 00000009', { kind: 'ping-response', timestampMs: 9 }],
    ['Stream Begin', streamBegin(1), 4, '0000 00000001', { kind: 'other', event: 0 }],
    ['Stream EOF', streamEof(1), 4, '0001 00000001', { kind: 'other', event: 1 }],
  ] as const)('%s is written and read', (_, message, type, text, value) => {
    expect(message.type).toBe(type)
    expect(Buffer.from(message.body).toString('hex')).toBe(hex(text).toString('hex'))
    expect(readControlMessage(type, message.body)).toEqual(value)
    for (let length = 0; length < message.body.length; length += 1) {
      if (message.type === 4 && length >= 2 && value.kind === 'other') continue
      expect(() => readControlMessage(type, message.body.subarray(0, length))).toThrow(MalformedError)
    }
  })
  it('reads Ping Request and Set Buffer Length', () => {
    expect(readControlMessage(4, hex('0006 0000002a'))).toEqual({ kind: 'ping-request', timestampMs: 42 })
    expect(readControlMessage(4, hex('0003 00000001 00000bb8'))).toEqual({
      kind: 'set-buffer-length',
      streamId: 1,
      bufferMs: 3000,
    })
  })
  it('writes Set Chunk Size', () => {
    expect(setChunkSize(4096)).toMatchObject({ csid: 2, type: 1, streamId: 0, body: hex('00001000') })
  })
})

describe('aggregates', () => {
  const tags = hex('08 000002 000064 00 000000 af01 0000000d  09 000001 000078 00 000000 17 0000000c')
  const message = (body: Buffer) => ({
    type: 22,
    timestampMs: 5000,
    streamId: 1,
    parts: [body],
    byteLength: body.byteLength,
  })

  it('come apart, their times counted from the message', () => {
    const found = [...readAggregate(message(tags))]
    expect(found.map(({ type, timestampMs, byteLength }) => [type, timestampMs, byteLength])).toEqual([
      [8, 5000, 2],
      [9, 5020, 1],
    ])
  })
  it('may leave out the last back pointer', () => {
    expect([...readAggregate(message(tags.subarray(0, -4)))].length).toBe(2)
  })
  it('throw nothing but MalformedError on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          for (const part of readAggregate(message(Buffer.from(bytes)))) expect(part.parts.length).toBe(1)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError)
        }
      }),
    )
  })
})
