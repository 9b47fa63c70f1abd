/**
 * What an RTMP client says in a session, in the pieces that a mutation should know of: C0 with C1, C2, then a
 * message each. Built with the project's own writers, or cut from what a real program sent.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type AmfValue, EcmaArray, encodeAmf0Values } from '../../../src/formats/amf0.ts'
import { ChunkReader } from '../../../src/formats/rtmp/chunk-reader.ts'
import { encodeMessages } from '../../../src/formats/rtmp/chunk-writer.ts'
import { setChunkSize, windowAckSize } from '../../../src/formats/rtmp/control-message.ts'
import { HANDSHAKE_BYTES } from '../../../src/formats/rtmp/handshake.ts'
import type { OutgoingMessage } from '../../../src/formats/rtmp/message.ts'

export interface SessionPieces {
  readonly name: string
  readonly pieces: readonly Uint8Array[]
}

/** The key and the channel that `builtSessions` publish and play; and another key, for who publishes two streams. */
export const KEY = 'the-key'
export const OTHER_KEY = 'other-key'
export const CHANNEL = 'channel'

const RECORDED = path.join(import.meta.dirname, '../../fixtures/enhanced-sessions')

/** Of a real encoder that speaks Enhanced RTMP. */
export function recordedSessions(): SessionPieces[] {
  return readdirSync(RECORDED)
    .filter((file) => file.endsWith('.bin'))
    .map((file) => cutSession(file, readFileSync(path.join(RECORDED, file))))
}

/** `bytes`: all that a client sent on a connection on which nothing went wrong. */
export function cutSession(name: string, bytes: Uint8Array): SessionPieces {
  const c1End = 1 + HANDSHAKE_BYTES
  const c2End = c1End + HANDSHAKE_BYTES
  const pieces = [bytes.subarray(0, c1End), bytes.subarray(c1End, c2End)]
  const reader = new ChunkReader()
  reader.allowMedia()
  let start = c2End
  for (let at = c2End; at < bytes.byteLength; at += 1) {
    reader.push(bytes.subarray(at, at + 1))
    if (reader.next()) {
      pieces.push(bytes.subarray(start, at + 1))
      start = at + 1
    }
  }
  return { name, pieces: start < bytes.byteLength ? [...pieces, bytes.subarray(start)] : pieces }
}

export function builtSessions(): SessionPieces[] {
  return [
    session('publishes', 128, [...opening(), publish(), ...picturesAndSound(12), goodbye()]),
    session('publishes in large chunks', 4096, [
      setChunkSize(4096),
      ...opening(),
      publish(),
      ...picturesAndSound(12),
      goodbye(),
    ]),
    session('publishes late in the day', 128, [
      ...opening(),
      publish(),
      ...picturesAndSound(6, 0xfffffa),
      ...picturesAndSound(6, 0xffffffa0),
    ]),
    session('publishes enhanced', 128, [...opening(), publish(), ...enhanced(), goodbye()]),
    session('publishes two streams', 128, [
      ...opening(),
      command(0, 'createStream', 6, null),
      publish(),
      command(2, 'publish', 7, null, OTHER_KEY, 'live'),
      ...picturesAndSound(3),
      ...picturesAndSound(3).map((message) => ({ ...message, streamId: 2, csid: message.csid + 10 })),
      command(0, 'FCUnpublish', 8, null, OTHER_KEY),
      ...picturesAndSound(2, 200),
      goodbye(),
    ]),
    session('publishes and plays', 128, [
      ...opening(),
      command(0, 'createStream', 6, null),
      publish(),
      ...picturesAndSound(2),
      command(2, 'play', 0, null, CHANNEL, -2000),
      command(2, 'receiveVideo', 0, null, false),
      ...picturesAndSound(2, 200),
      command(2, 'receiveVideo', 0, null, true),
      command(2, 'seek', 9, null, 1000),
      command(2, 'play2', 10, null, { streamName: 'other' }),
      ...picturesAndSound(2, 400),
      goodbye(),
    ]),
    session('publishes in AMF3', 128, [
      command3(0, encodeAmf0Values(['connect', 1]), '110a0b01' + '07617070' + '06096c697665' + '01'),
      command3(0, encodeAmf0Values(['createStream', 2, null]), ''),
      command3(1, encodeAmf0Values(['publish', 3, null]), `11060f${Buffer.from(KEY).toString('hex')}`),
      data3('110a0b010b776964746804850001'),
      data3('1109050104010a2303430361036204010603780c05010211090401'),
      ...picturesAndSound(2),
    ]),
    session('publishes what is rare', 128, [...opening(), publish(), ...rareMessages(), goodbye()]),
    session('publishes twice', 128, [
      ...opening(),
      publish(),
      ...picturesAndSound(3),
      goodbye(),
      publish(),
      ...picturesAndSound(3),
    ]),
    session('plays', 128, [
      ...opening(),
      command(1, 'play', 0, null, CHANNEL, -2000),
      command(1, 'pause', 0, null, true, 40),
      command(1, 'pause', 0, null, false, 40),
      command(1, 'closeStream', 0, null),
    ]),
    session('is refused', 128, [...opening(), command(1, 'publish', 3, null, 'wrong', 'live')]),
  ]
}

function session(name: string, chunkBytes: number, messages: readonly OutgoingMessage[]): SessionPieces {
  let size = 128
  const said = messages.map((message) => {
    const bytes = encodeMessages([message], size)
    if (message.type === 1) size = chunkBytes
    return bytes
  })
  const random = Buffer.from(Array.from({ length: HANDSHAKE_BYTES }, (_, i) => (i * 37) & 0xff))
  return { name, pieces: [Buffer.concat([Buffer.of(3), random]), random, ...said] }
}

function command(streamId: number, ...values: readonly AmfValue[]): OutgoingMessage {
  return { csid: 3, type: 20, timestampMs: 0, streamId, body: encodeAmf0Values(values) }
}

/** AMF3 where marker 11 says so, in hexadecimal. */
function command3(streamId: number, start: Buffer, rest: string): OutgoingMessage {
  const body = Buffer.concat([Buffer.of(0), start, Buffer.from(rest, 'hex')])
  return { csid: 3, type: 17, timestampMs: 0, streamId, body }
}

function data3(value: string): OutgoingMessage {
  const name = encodeAmf0Values(['@setDataFrame', 'onMetaData'])
  const body = Buffer.concat([Buffer.of(0), name, Buffer.from(value, 'hex')])
  return { csid: 5, type: 15, timestampMs: 0, streamId: 1, body }
}

function opening(): OutgoingMessage[] {
  const connect = {
    app: 'live',
    type: 'nonprivate',
    flashVer: 'FMLE/3.0',
    fourCcList: ['hvc1', 'av01'],
    videoFourCcInfoMap: { '*': 7 },
    capsEx: 15,
  }
  return [
    windowAckSize(65_536),
    command(0, 'connect', 1, connect),
    command(0, 'releaseStream', 2, null, KEY),
    command(0, 'FCPublish', 3, null, KEY),
    command(0, 'createStream', 4, null),
  ]
}

const publish = (): OutgoingMessage => command(1, 'publish', 5, null, KEY, 'live')
const goodbye = (): OutgoingMessage => command(0, 'deleteStream', 7, null, 1)

function media(type: 8 | 9, timestampMs: number, body: Uint8Array): OutgoingMessage {
  return { csid: type === 9 ? 6 : 4, type, timestampMs: timestampMs >>> 0, streamId: 1, body }
}

function noise(length: number, seed: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 131 + seed * 17) & 0xff))
}

const AVC_CONFIG = Buffer.from('17000000000142c00affe1000867428c0a9a74200100' + '0468ce3c80', 'hex')
const AAC_CONFIG = Buffer.from('af001190', 'hex')

function picturesAndSound(pictures: number, startMs = 0): OutgoingMessage[] {
  const metadata = encodeAmf0Values(['@setDataFrame', 'onMetaData', new EcmaArray({ width: 64, height: 36 })])
  const frames = Array.from({ length: pictures }, (_, i) => [
    media(9, startMs + i * 40, Buffer.concat([Buffer.of(i % 6 ? 0x27 : 0x17, 1, 0, 0, 40), noise(300, i)])),
    media(8, startMs + i * 40 + 7, Buffer.concat([Buffer.of(0xaf, 1), noise(90, i)])),
  ])
  return [
    { csid: 5, type: 18, timestampMs: startMs >>> 0, streamId: 1, body: metadata },
    media(9, startMs, AVC_CONFIG),
    media(8, startMs, AAC_CONFIG),
    ...frames.flat(),
  ]
}

/** Enhanced RTMP v1 and v2: FourCC video and audio, several tracks, ModEx. */
function enhanced(): OutgoingMessage[] {
  const video = (head: string, timestampMs: number) =>
    media(9, timestampMs, Buffer.concat([Buffer.from(head, 'hex'), noise(200, timestampMs)]))
  const audio = (head: string, timestampMs: number) =>
    media(8, timestampMs, Buffer.concat([Buffer.from(head, 'hex'), noise(60, timestampMs)]))
  return [
    video('9068766331', 0),
    video('9168766331000000', 0),
    video('a368766331', 40),
    video('9061763031', 80),
    video('9161763031', 80),
    video('94', 120),
    video('960061763031' + '00000010', 120),
    video('97010000019161763031', 160),
    audio('904f707573', 0),
    audio('914f707573', 10),
    audio('9500664c6143' + '00000010', 20),
    // Many tracks, of one codec and of several; colours; a channel layout.
    video('961061763031' + '00000004' + '01020304' + '01000002' + '0506', 200),
    video('9620' + '68766331' + '00000003' + '000000' + '61763031' + '02000002' + '0708', 240),
    video('d468766331' + '020009636f6c6f72496e666f03000009', 240),
    audio('944f707573' + '0102', 30),
    audio('95114f707573' + '00000002' + '0102' + '01000002' + '0304', 40),
  ]
}

/** Aggregates, AMF3 commands and data, aborts, pings, shared objects, chunk streams with long numbers. */
function rareMessages(): OutgoingMessage[] {
  const tag = (type: number, time: number, body: Buffer) => {
    const head = Buffer.alloc(11)
    head.writeUInt8(type, 0)
    head.writeUIntBE(body.length, 1, 3)
    head.writeUIntBE(time, 4, 3)
    return Buffer.concat([head, body, Buffer.alloc(4)])
  }
  const aggregate = Buffer.concat([
    tag(9, 40, Buffer.from('17010000002a', 'hex')),
    tag(8, 47, Buffer.from('af0121', 'hex')),
    tag(18, 47, Buffer.alloc(0)),
  ])
  const amf3Call = Buffer.concat([Buffer.of(0), encodeAmf0Values(['_checkbw', 9, null])])
  const cue = encodeAmf0Values(['onCuePoint', { name: 'a', time: 1, nested: { list: [1, 'b', null, true] } }])
  const odd = (csid: number, type: number, body: Uint8Array) => ({
    csid,
    type,
    timestampMs: 80,
    streamId: 1,
    body,
  })
  return [
    ...picturesAndSound(2),
    odd(7, 22, aggregate),
    odd(3, 17, amf3Call),
    odd(64, 18, cue),
    odd(320, 15, Buffer.concat([Buffer.of(0), cue])),
    odd(2, 2, Buffer.from('00000006', 'hex')),
    odd(2, 4, Buffer.from('00060000002a', 'hex')),
    odd(2, 4, Buffer.from('00030000000100000bb8', 'hex')),
    odd(2, 3, Buffer.from('00010000', 'hex')),
    odd(2, 6, Buffer.from('0010000002', 'hex')),
    odd(3, 19, noise(40, 1)),
    odd(3, 16, noise(40, 2)),
    ...picturesAndSound(2, 200),
  ]
}
