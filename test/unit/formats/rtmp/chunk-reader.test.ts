import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MalformedError } from '../../../../src/formats/bytes/malformed-error.ts'
import { ChunkReader } from '../../../../src/formats/rtmp/chunk-reader.ts'
import { encodeMessages } from '../../../../src/formats/rtmp/chunk-writer.ts'
import { setChunkSize } from '../../../../src/formats/rtmp/control-message.ts'
import type { OutgoingMessage } from '../../../../src/formats/rtmp/message.ts'

interface Read {
  type: number
  timestampMs: number
  streamId: number
  body: Buffer
}

/** Every message in these reads of a socket. */
function readAll(reader: ChunkReader, ...reads: readonly Uint8Array[]): Read[] {
  const messages: Read[] = []
  for (const read of reads) {
    reader.push(read)
    for (let message = reader.next(); message; message = reader.next()) {
      const body = Buffer.concat(message.parts)
      expect(body.byteLength).toBe(message.byteLength)
      const { type, timestampMs, streamId } = message
      messages.push({ type, timestampMs, streamId, body })
    }
  }
  return messages
}

function pattern(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => i % 251))
}

/** Of a connection that may send media. */
function mediaReader(): ChunkReader {
  const reader = new ChunkReader()
  reader.allowMedia()
  return reader
}

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

/** Both directions: `encodeMessages` gives these bytes, and reading them gives the message. Chunks of 128 bytes. */
const CASES: { name: string; message: OutgoingMessage; bytes: Buffer }[] = [
  {
    name: 'an empty message',
    message: { csid: 3, type: 20, timestampMs: 0, streamId: 0, body: Buffer.alloc(0) },
    bytes: hex('03 000000 000000 14 00000000'),
  },
  {
    name: 'a small message',
    message: { csid: 4, type: 8, timestampMs: 0x123456, streamId: 1, body: hex('af01ff') },
    bytes: hex('04 123456 000003 08 01000000 af01ff'),
  },
  {
    name: 'csid 64, the first with two bytes',
    message: { csid: 64, type: 8, timestampMs: 0, streamId: 1, body: hex('aa') },
    bytes: hex('00 00 000000 000001 08 01000000 aa'),
  },
  {
    name: 'csid 319, the last with two bytes',
    message: { csid: 319, type: 8, timestampMs: 0, streamId: 1, body: hex('aa') },
    bytes: hex('00 ff 000000 000001 08 01000000 aa'),
  },
  {
    name: 'csid 320, the first with three bytes, little endian',
    message: { csid: 320, type: 8, timestampMs: 0, streamId: 1, body: hex('aa') },
    bytes: hex('01 00 01 000000 000001 08 01000000 aa'),
  },
  {
    name: 'csid 65599, the last',
    message: { csid: 65599, type: 8, timestampMs: 0, streamId: 1, body: hex('aa') },
    bytes: hex('01 ff ff 000000 000001 08 01000000 aa'),
  },
  {
    name: 'the last timestamp without extension',
    message: { csid: 4, type: 8, timestampMs: 0xfffffe, streamId: 1, body: hex('aa') },
    bytes: hex('04 fffffe 000001 08 01000000 aa'),
  },
  {
    name: 'an extended timestamp',
    message: { csid: 4, type: 8, timestampMs: 0xffffff, streamId: 1, body: hex('aa') },
    bytes: hex('04 ffffff 000001 08 01000000 00ffffff aa'),
  },
  {
    name: 'a body of exactly one chunk',
    message: { csid: 6, type: 9, timestampMs: 40, streamId: 1, body: pattern(128) },
    bytes: Buffer.concat([hex('06 000028 000080 09 01000000'), pattern(128)]),
  },
  {
    name: 'a body of two chunks',
    message: { csid: 6, type: 9, timestampMs: 40, streamId: 1, body: pattern(130) },
    bytes: Buffer.concat([
      hex('06 000028 000082 09 01000000'),
      pattern(128),
      hex('c6'),
      pattern(130).subarray(128),
    ]),
  },
  {
    name: 'an extended timestamp repeated in every chunk',
    message: { csid: 6, type: 9, timestampMs: 0xfffffffe, streamId: 1, body: pattern(130) },
    bytes: Buffer.concat([
      hex('06 ffffff 000082 09 01000000 fffffffe'),
      pattern(128),
      hex('c6 fffffffe'),
      pattern(130).subarray(128),
    ]),
  },
]

describe.each(CASES)('$name', ({ message, bytes }) => {
  const { type, timestampMs, streamId } = message
  const expected = { type, timestampMs, streamId, body: Buffer.from(message.body) }

  it('is written', () => {
    expect(encodeMessages([message], 128).toString('hex')).toBe(bytes.toString('hex'))
  })
  it('is read', () => {
    expect(readAll(mediaReader(), bytes)).toEqual([expected])
  })
  it('is read when split at any byte', () => {
    for (let at = 0; at <= bytes.byteLength; at += 1) {
      expect(readAll(mediaReader(), bytes.subarray(0, at), bytes.subarray(at))).toEqual([expected])
    }
  })
  it('is read byte by byte', () => {
    expect(readAll(mediaReader(), ...[...bytes].map((byte) => Buffer.of(byte)))).toEqual([expected])
  })
})

describe('compressed headers', () => {
  const first = hex('04 0003e8 000001 08 01000000 aa')

  it('add a delta to the time before (formats 1 and 2)', () => {
    const messages = readAll(mediaReader(), first, hex('44 000014 000002 08 bbbb'), hex('84 000017 cccc'))
    expect(messages.map(({ timestampMs }) => timestampMs)).toEqual([1000, 1020, 1043])
    expect(messages[2]).toEqual({ type: 8, timestampMs: 1043, streamId: 1, body: hex('cccc') })
  })
  it('repeat the delta in a format 3 chunk that begins a message', () => {
    const messages = readAll(mediaReader(), first, hex('84 000017 bb'), hex('c4 cc'), hex('c4 dd'))
    expect(messages.map(({ timestampMs }) => timestampMs)).toEqual([1000, 1023, 1046, 1069])
  })
  it('repeat the timestamp as a delta after format 0 (§5.3.1.2.4)', () => {
    expect(readAll(mediaReader(), first, hex('c4 bb'))[1]?.timestampMs).toBe(2000)
  })
  it('wrap at 2^32 ms', () => {
    const start = hex('04 ffffff 000001 08 01000000 fffffff0 aa')
    expect(readAll(mediaReader(), start, hex('84 000020 bb'))[1]?.timestampMs).toBe(0x10)
  })
  it('take an extended delta', () => {
    const delta = hex('84 ffffff 01000000 bb')
    expect(readAll(mediaReader(), first, delta)[1]?.timestampMs).toBe(1000 + 0x01000000)
  })
  it('may begin a chunk stream with format 1, as librtmp does', () => {
    const [message] = readAll(mediaReader(), hex('42 000000 000002 04 0006'))
    expect(message).toEqual({ type: 4, timestampMs: 0, streamId: 0, body: hex('0006') })
  })
})

describe('extended timestamps in continued chunks', () => {
  const head = hex('06 ffffff 000082 09 01000000 02000000')
  const body = pattern(130)
  const expected = [{ type: 9, timestampMs: 0x02000000, streamId: 1, body }]

  it('are not missed when the sender leaves them out', () => {
    const bytes = Buffer.concat([head, body.subarray(0, 128), hex('c6'), body.subarray(128)])
    const next = hex('06 ffffff 000001 09 01000000 02000021 aa')
    expect(readAll(mediaReader(), Buffer.concat([bytes, next]))).toEqual([
      ...expected,
      { type: 9, timestampMs: 0x02000021, streamId: 1, body: hex('aa') },
    ])
  })
  it('may be absolute after an extended delta', () => {
    const start = hex('06 ffffff 000001 09 01000000 02000000 aa')
    const delta = hex('46 ffffff 000082 09 01000000')
    const bytes = Buffer.concat([start, delta, body.subarray(0, 128), hex('c6 03000000'), body.subarray(128)])
    expect(readAll(mediaReader(), bytes)[1]).toEqual({
      type: 9,
      timestampMs: 0x03000000,
      streamId: 1,
      body,
    })
  })
})

describe('interleaving and chunk control', () => {
  it('knows a chunk stream by its number, in whichever of the two forms it comes', () => {
    const body = pattern(130)
    const bytes = Buffer.concat([
      hex('00 24 000000 000082 08 01000000'),
      body.subarray(0, 128),
      // 100 again, in three bytes; then a message of its own with everything as before.
      hex('c1 24 00'),
      body.subarray(128),
      hex('c1 24 00'),
      body.subarray(0, 128),
      hex('c0 24'),
      body.subarray(128),
    ])
    expect(readAll(mediaReader(), bytes).map((message) => message.body.equals(body))).toEqual([true, true])
  })
  it('puts interleaved messages together', () => {
    const video = hex('06 000000 000082 09 01000000')
    const audio = hex('04 000000 000003 08 01000000 af01ff')
    const bytes = Buffer.concat([video, pattern(128), audio, hex('c6'), pattern(130).subarray(128)])
    for (let at = 0; at <= bytes.byteLength; at += 1) {
      const messages = readAll(mediaReader(), bytes.subarray(0, at), bytes.subarray(at))
      expect(messages.map(({ type, body }) => [type, body.toString('hex')])).toEqual([
        [8, 'af01ff'],
        [9, pattern(130).toString('hex')],
      ])
    }
  })
  it('obeys Set Chunk Size, and takes sizes beyond any message as the largest', () => {
    const message = { csid: 6, type: 9, timestampMs: 0, streamId: 1, body: pattern(70_000) }
    for (const size of [1000, 65_536, 0xffffff, 0x7fffffff]) {
      const size32 = Math.min(size, 0xffffff)
      const bytes = Buffer.concat([
        encodeMessages([setChunkSize(size)], 128),
        encodeMessages([message], size32),
      ])
      expect(readAll(mediaReader(), bytes)[0]?.body.equals(message.body)).toBe(true)
    }
  })
  it('forgets an aborted message', () => {
    const begun = Buffer.concat([hex('06 000000 000082 09 01000000'), pattern(128)])
    const abort = hex('02 000000 000004 02 00000000 00000006')
    const after = hex('06 000000 000001 09 01000000 aa')
    expect(readAll(mediaReader(), begun, abort, after).map(({ body }) => body)).toEqual([hex('aa')])
  })
  it('goes on in the middle of a read', () => {
    const reader = mediaReader()
    reader.push(hex('04 000000 000001 08 01000000 aa c4 bb c4 cc'))
    expect(Buffer.concat(reader.next()?.parts ?? []).toString('hex')).toBe('aa')
    expect(Buffer.concat(reader.next()?.parts ?? []).toString('hex')).toBe('bb')
    expect(Buffer.concat(reader.next()?.parts ?? []).toString('hex')).toBe('cc')
    expect(reader.next()).toBeUndefined()
  })
})

describe('what a hostile sender may cost', () => {
  const fails = (reason: RegExp, ...reads: readonly Uint8Array[]) => {
    expect(() => readAll(mediaReader(), ...reads)).toThrow(MalformedError)
    expect(() => readAll(mediaReader(), ...reads)).toThrow(reason)
  }

  it('refuses a chunk stream that begins with format 3 or 2', () => {
    fails(/without a message header/, hex('c4 aa'))
    fails(/without a message length/, hex('84 000000 aa'))
  })
  it('refuses chunk sizes of 0 and of 2^31 and more', () => {
    fails(/chunk size 0/, hex('02 000000 000004 01 00000000 00000000'))
    fails(/chunk size 4294967295/, hex('02 000000 000004 01 00000000 ffffffff'))
  })
  it('refuses a short Set Chunk Size or Abort', () => {
    fails(/Set Chunk Size/, hex('02 000000 000001 01 00000000 00'))
    fails(/Abort/, hex('02 000000 000000 02 00000000'))
  })
  it('refuses a command of more than 64 KiB by its header', () => {
    fails(/type 20 of 65537 bytes/, hex('03 000000 010001 14 00000000'))
  })
  it('refuses a message inside another on the same chunk stream', () => {
    const begun = Buffer.concat([hex('06 000000 000082 09 01000000'), pattern(128)])
    fails(/begins inside another/, begun, hex('06 000000 000001 09 01000000 aa'))
  })
  it('refuses the 65th chunk stream', () => {
    const streams = Array.from({ length: 65 }, (_, i) =>
      encodeMessages([{ csid: 100 + i, type: 8, timestampMs: 0, streamId: 1, body: hex('aa') }], 128),
    )
    expect(readAll(new ChunkReader(), ...streams.slice(0, 64)).length).toBe(64)
    fails(/more than 64 chunk streams/, ...streams)
  })
  it('refuses more than 20 MiB of unfinished messages', () => {
    const piece = Buffer.alloc(1024 * 1024)
    const small = mediaReader()
    readAll(small, encodeMessages([setChunkSize(0x100000)], 128))
    const open = (csid: number) => {
      readAll(small, Buffer.concat([Buffer.of(csid), hex('000000 ffffff 09 01000000'), piece]))
    }
    for (let csid = 10; csid < 30; csid += 1) open(csid)
    expect(() => open(30)).toThrow(/unfinished messages/)
  })
  it('refuses large messages as long as no media may come', () => {
    const video = Buffer.concat([hex('06 000000 010001 09 01000000'), pattern(128)])
    expect(() => readAll(new ChunkReader(), video)).toThrow(/type 9 of 65537 bytes; the limit is 65536/)
    expect(readAll(mediaReader(), video)).toEqual([])
  })
  it('holds no read of the socket while a message is unfinished', () => {
    const reader = new ChunkReader()
    readAll(reader, encodeMessages([setChunkSize(65_536)], 128))
    const read = Buffer.concat([hex('06 000000 001000 09 01000000'), pattern(2000)])
    readAll(reader, read)
    read.fill(0)
    const [message] = readAll(reader, pattern(4096).subarray(2000))
    expect(message?.body.equals(pattern(4096))).toBe(true)
  })
  it('takes time in proportion to the bytes, however small the reads are', () => {
    const body = pattern(300_000)
    const bytes = Buffer.concat([
      encodeMessages([setChunkSize(0xffffff)], 128),
      encodeMessages([{ csid: 6, type: 9, timestampMs: 0, streamId: 1, body }], 0xffffff),
    ])
    const reader = mediaReader()
    const started = process.cpuUsage()
    const messages: Read[] = []
    for (let at = 0; at < bytes.byteLength; at += 1)
      messages.push(...readAll(reader, bytes.subarray(at, at + 1)))
    expect(messages[0]?.body.equals(body)).toBe(true)
    // Copying all that came before at every byte would be 45 GB.
    expect(process.cpuUsage(started).user).toBeLessThan(5_000_000)
  })
  it('throws nothing but MalformedError on random bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 }), (reads) => {
        try {
          readAll(new ChunkReader(), ...reads)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('any messages', () => {
  const message = fc.record({
    csid: fc.oneof(fc.integer({ min: 3, max: 8 }), fc.constantFrom(64, 319, 320, 65_599)),
    type: fc.constantFrom(8, 9, 18),
    timestampMs: fc.oneof(
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.constantFrom(0xfffffe, 0xffffff, 0xffffffff),
    ),
    streamId: fc.integer({ min: 0, max: 0xffffffff }),
    body: fc.uint8Array({ maxLength: 700 }),
  })

  it('come out as they went in, in whatever reads', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 6 }),
        fc.integer({ min: 1, max: 300 }),
        fc.array(fc.nat(400), { maxLength: 20 }),
        (messages, chunkBytes, cuts) => {
          const bytes = Buffer.concat([
            encodeMessages([setChunkSize(chunkBytes)], 128),
            encodeMessages(messages, chunkBytes),
          ])
          const reads: Buffer[] = []
          let at = 0
          for (const cut of cuts) {
            reads.push(bytes.subarray(at, at + cut))
            at += cut
          }
          reads.push(bytes.subarray(at))
          const expected = messages.map(({ type, timestampMs, streamId, body }) => ({
            type,
            timestampMs,
            streamId,
            body: Buffer.from(body),
          }))
          expect(readAll(new ChunkReader(), ...reads)).toEqual(expected)
        },
      ),
    )
  })
})
