/** Several tracks, live: players that know tracks get every message, all others the default track as if it were alone. */
import { Writable } from 'node:stream'
import { afterEach, expect, it } from 'vitest'
import { readTagHeader, TAG_HEADER_BYTES, TAG_TRAILER_BYTES } from '../../../src/formats/flv/tag-header.ts'
import { ChunkReader } from '../../../src/formats/rtmp/chunk-reader.ts'
import { FLV_FORMAT, type LiveFormat, rtmpFormat } from '../../../src/ingest/live-format.ts'
import { LiveHub } from '../../../src/ingest/live-hub.ts'

const hub = new LiveHub({ batchMs: 1 })
afterEach(() => hub.close())

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const HVC1 = '68766331'
const AV01 = '61763031'
const OPUS = '4f707573'
const MP4A = '6d703461'

const HEADERS = [
  [9, `90 ${HVC1} c0`],
  [9, `d4 ${HVC1} ee`],
  [9, `96 00 ${AV01} 01 c1`],
  [8, `90 ${MP4A} 1190`],
  [8, `94 ${OPUS} 0102`],
  [8, `95 00 ${OPUS} 02 c2`],
] as const
const FRAMES = [
  [9, `97 02 000001 03 ${HVC1} f0`],
  [9, `96 01 ${AV01} 01 f1`],
  [8, `91 ${MP4A} 50`],
  [8, `95 01 ${OPUS} 02 52`],
  [9, `a6 23 ${AV01} 01 000001 f3 ${HVC1} 00 000001 f2`],
] as const

function watch(format: LiveFormat): () => Buffer {
  const got: Buffer[] = []
  const sink = new Writable({
    write: (bytes: Buffer, _, done) => {
      got.push(bytes)
      done()
    },
  })
  hub.join('channel', { format, sink, onEnd: () => {} })
  return () => Buffer.concat(got)
}

function tagsIn(bytes: Buffer): string[] {
  const tags: string[] = []
  for (let at = 0; at < bytes.byteLength; ) {
    const { type, bodyBytes } = readTagHeader(bytes, at) ?? { type: 0, bodyBytes: 0 }
    const body = bytes.subarray(at + TAG_HEADER_BYTES, at + TAG_HEADER_BYTES + bodyBytes)
    tags.push(`${type} ${body.toString('hex')}`)
    at += TAG_HEADER_BYTES + bodyBytes + TAG_TRAILER_BYTES
  }
  return tags
}

function messagesIn(bytes: Buffer): string[] {
  const reader = new ChunkReader()
  // As every player is told before it plays: Set Chunk Size 65536.
  reader.push(Buffer.concat([hex('02 000000 000004 01 00000000 00010000'), bytes]))
  const messages: string[] = []
  for (let next = reader.next(); next; next = reader.next())
    messages.push(`${next.type} ${Buffer.concat(next.parts).toString('hex')}`)
  return messages
}

const whole = (messages: readonly (readonly [number, string])[]) =>
  messages.map(([type, text]) => `${type} ${text.replaceAll(' ', '')}`)
const PLAIN = [`9 90${HVC1}c0`, '8 af001190', `9 93${HVC1}f0`, '8 af0150', `9 a3${HVC1}f2`]

function publish(): (type: 8 | 9, text: string) => void {
  const publication = hub.open('channel')
  let timestampMs = 0
  return (type, text) => {
    const body = hex(text)
    publication.write({ type, timestampMs, parts: [body], byteLength: body.byteLength })
    timestampMs += 20
  }
}

it('who was there from the start, and who joins: every track, or the default one alone', () => {
  const say = publish()
  const early = { plain: watch(FLV_FORMAT), all: watch(rtmpFormat(1, true)) }
  for (const [type, text] of [...HEADERS, ...FRAMES]) say(type, text)
  const late = { plain: watch(FLV_FORMAT), rtmp: watch(rtmpFormat(3)), all: watch(rtmpFormat(1, true)) }
  expect(tagsIn(early.plain())).toEqual(PLAIN)
  expect(messagesIn(early.all())).toEqual(whole([...HEADERS, ...FRAMES]))
  // Video first, then audio, then the group of pictures.
  expect(tagsIn(late.plain())).toEqual(PLAIN)
  expect(messagesIn(late.rtmp())).toEqual(PLAIN)
  expect(messagesIn(late.all())).toEqual(whole([...HEADERS, ...FRAMES]))
})

it('a keyframe of another track begins nothing', () => {
  const say = publish()
  for (const [type, text] of HEADERS) say(type, text)
  say(9, `93 ${HVC1} f0`)
  say(9, `96 03 ${AV01} 01 f1`)
  say(9, `a3 ${HVC1} f2`)
  expect(tagsIn(watch(FLV_FORMAT)()).slice(2)).toEqual([`9 93${HVC1}f0`, `9 a3${HVC1}f2`])
})

it('another configuration of a track takes the place of the one before, for who joins then', () => {
  const say = publish()
  for (const [type, text] of [...HEADERS, ...FRAMES]) say(type, text)
  say(9, `96 00 ${AV01} 01 cc`)
  const joined = () => messagesIn(watch(rtmpFormat(1, true))())
  expect(joined()).toEqual([
    ...whole([HEADERS[0], HEADERS[1]]),
    `9 9600${AV01}01cc`,
    ...whole([HEADERS[3], HEADERS[4], HEADERS[5], ...FRAMES]),
  ])
  // Of the default track: what was cached cannot be decoded any more, and its colours were the old one's.
  say(9, `90 ${HVC1} cd`)
  expect(joined()).toEqual([
    `9 9600${AV01}01cc`,
    `9 90${HVC1}cd`,
    ...whole([HEADERS[3], HEADERS[4], HEADERS[5]]),
  ])
})

it('tracks without end are kept up to a limit, and the default one beyond it', () => {
  const say = publish()
  for (let id = 1; id < 256; id += 1) {
    const configuration = Buffer.alloc(20_000).toString('hex')
    say(9, `96 00 ${AV01} ${id.toString(16).padStart(2, '0')} ${configuration}`)
  }
  say(9, `90 ${HVC1} c0`)
  const kept = messagesIn(watch(rtmpFormat(1, true))())
  expect(kept.length).toBeLessThan(64)
  expect(kept).toContain(`9 90${HVC1}c0`)
})
