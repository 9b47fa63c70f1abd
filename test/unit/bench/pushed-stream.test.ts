import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeFileHeader } from '../../../src/formats/flv/file-header.ts'
import { encodeTag } from '../../../src/formats/flv/tag-header.ts'
import { ChunkReader } from '../../../src/formats/rtmp/chunk-reader.ts'
import { joinParts } from '../../../src/formats/rtmp/message.ts'
import { makePushedStream, PUSH_CHUNK_BYTES, shiftStream } from '../../bench/rtmp/pushed-stream.ts'
import { countRecorded } from '../../bench/rtmp/recorded.ts'
import { BROADCAST_LOOP_SECONDS } from '../../bench/sources.ts'
import { session } from '../../support/flv-messages.ts'

let folder: string
let source: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-pushed-'))
  source = path.join(folder, 'source.flv')
  const tags = session({ seconds: BROADCAST_LOOP_SECONDS }).map(({ type, timestampMs, parts, byteLength }) =>
    encodeTag(type, timestampMs, joinParts(parts, byteLength)),
  )
  await writeFile(source, Buffer.concat([encodeFileHeader(), ...tags]))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

function messagesIn(bytes: Buffer) {
  const size = Buffer.alloc(16)
  size.set([2, 0, 0, 0, 0, 0, 4, 1])
  size.writeUInt32BE(PUSH_CHUNK_BYTES, 12)
  const reader = new ChunkReader()
  reader.allowMedia()
  reader.push(Buffer.concat([size, bytes]))
  const messages = []
  for (let message = reader.next(); message; message = reader.next()) {
    // The reader has taken the chunk size to heart.
    if (message.type !== 1)
      messages.push({ type: message.type, timestampMs: message.timestampMs, bytes: message.byteLength })
  }
  return messages
}

describe('a broadcast made for pushing', () => {
  it('goes on after the end of its source, later, with the configurations only once', async () => {
    const once = await makePushedStream(source, BROADCAST_LOOP_SECONDS)
    const twice = await makePushedStream(source, 2 * BROADCAST_LOOP_SECONDS)
    expect(twice.media.messages).toBe(2 * once.media.messages)
    const times = messagesIn(twice.bytes).map(({ timestampMs }) => timestampMs)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times.length).toBe(twice.media.messages + 3)
  })

  it('counts what a recording of it must hold', async () => {
    const { media } = await makePushedStream(source, BROADCAST_LOOP_SECONDS)
    expect(await countRecorded(source)).toEqual(media)
  })

  it('can be sent again later: the same messages, at times that lie so much later', async () => {
    const stream = await makePushedStream(source, BROADCAST_LOOP_SECONDS)
    const later = messagesIn(shiftStream(stream, 3_600_000))
    expect(later).toEqual(
      messagesIn(stream.bytes).map((message) => ({
        ...message,
        timestampMs: message.timestampMs + 3_600_000,
      })),
    )
  })
})
