/** Peers that are broken, hostile, or merely odd: each costs its own connection and nothing else. */
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { encodeAmf0Values } from '../../../src/formats/amf0.ts'
import { setChunkSize } from '../../../src/formats/rtmp/control-message.ts'
import { HANDSHAKE_BYTES } from '../../../src/formats/rtmp/handshake.ts'
import type { IngestLimits } from '../../../src/ingest/ingest-limits.ts'
import { LiveHub } from '../../../src/ingest/live-hub.ts'
import type { RtmpServer } from '../../../src/ingest/rtmp-server.ts'
import { FakePublishGate, REFUSAL } from '../../support/fake-publish-gate.ts'
import { gatherIdleCrowd } from '../../support/rtmp/idle-crowd.ts'
import { makeRtmpServer } from '../../support/rtmp/test-server.ts'
import { RtmpClient } from '../../support/rtmp-client.ts'

const MIB = 1024 * 1024
/** Noise, the same in every run: what one run meets, every run meets. */
const noise = (seed: number, bytes: number) =>
  createHash('shake256', { outputLength: bytes }).update(`${seed}`).digest()
const HELLO = Buffer.concat([Buffer.of(3), Buffer.alloc(2 * HANDSHAKE_BYTES)])

let gate: FakePublishGate
let hub: LiveHub
let server: RtmpServer
let port: number
const clients: RtmpClient[] = []

/** `limits` beside those that only make waiting short. */
async function serve(limits: Partial<IngestLimits> = {}): Promise<void> {
  gate = new FakePublishGate({ 'the-key': 'channel' })
  hub = new LiveHub({ stallMs: 300 })
  server = makeRtmpServer({
    gate,
    hub,
    limits: { playWaitMs: 200, goodbyeMs: 200, sweepMs: 20, ...limits },
  })
  port = await server.listen()
}

async function shut(): Promise<void> {
  for (const client of clients.splice(0)) client.close()
  await server.close()
  hub.close()
}

beforeEach(() => serve())
afterEach(shut)

function kept(client: RtmpClient): RtmpClient {
  clients.push(client)
  return client
}

async function onAir(): Promise<RtmpClient> {
  const client = kept(await RtmpClient.connected(port))
  client.command(1, 'publish', 3, null, 'the-key', 'live')
  await client.status('NetStream.Publish.Start')
  return client
}

const video = (timestampMs: number, body: Uint8Array) => ({
  csid: 6,
  type: 9,
  timestampMs,
  streamId: 1,
  body,
})

/** Somebody else publishes and is heard. */
async function stillServes(): Promise<void> {
  const client = await onAir()
  const session = gate.sessions.at(-1)
  client.send(video(0, Buffer.of(0x17, 1, 0, 0, 0, 1)))
  await session?.received(1)
  client.close()
  expect(await session?.closed).toBe('dropped')
}

describe('bytes that are no RTMP', () => {
  it('close their own connection: random bytes, 260 times', async () => {
    const peers = await Promise.all(Array.from({ length: 260 }, () => RtmpClient.dial(port)))
    for (const [i, peer] of peers.entries()) {
      peer.raw(i % 2 === 0 ? noise(i, 5000) : Buffer.concat([HELLO, noise(i, 5000)]))
    }
    await Promise.all(peers.map((peer) => peer.closed))
    await stillServes()
    expect(
      server.snapshot().connections.filter(({ phase }) => phase !== 'closed').length,
    ).toBeLessThanOrEqual(1)
  })

  it.each<[string, Buffer]>([
    ['a type-3 chunk first', Buffer.of(0xc3, 1, 2, 3)],
    ['chunk size 0', Buffer.from('02000000000004010000000000000000', 'hex')],
    ['a command of 16 MB', Buffer.from('03000000ffffff1400000000', 'hex')],
    ['a video of 16 MB from somebody who may not publish', Buffer.from('06000000ffffff0901000000', 'hex')],
    ['a command that is no AMF', Buffer.from('0300000000000114000000002a', 'hex')],
  ])('close their own connection: %s', async (_, bytes) => {
    const peer = kept(await RtmpClient.shaken(port))
    peer.raw(bytes)
    await peer.closed
    await stillServes()
  })

  it('close their own connection: a publish before connect', async () => {
    const peer = kept(await RtmpClient.shaken(port))
    peer.command(1, 'publish', 3, null, 'the-key', 'live')
    await peer.closed
    expect(gate.requests).toEqual([])
  })

  it('close their own connection: AMF nested 20,000 deep', async () => {
    const peer = kept(await RtmpClient.shaken(port))
    const nested = Buffer.concat(Array.from({ length: 10_000 }, () => Buffer.from('03000161', 'hex')))
    const body = Buffer.concat([encodeAmf0Values(['connect', 1]), nested])
    peer.send({ csid: 3, type: 20, timestampMs: 0, streamId: 0, body })
    await peer.closed
    await stillServes()
  })

  it('are cut off: 100 announced messages of 16 MB', async () => {
    const peer = await onAir()
    const session = gate.sessions.at(-1)
    peer.send(setChunkSize(MIB))
    // A megabyte of each, none ever complete.
    for (let csid = 64; csid < 164; csid += 1) {
      peer.raw(
        Buffer.concat([
          Buffer.of(0, csid - 64),
          Buffer.from('000000ffffff0901000000', 'hex'),
          Buffer.alloc(MIB),
        ]),
      )
    }
    await peer.closed
    expect(await session?.closed).toBe('protocol-error')
    await stillServes()
  })
})

describe('odd but legal openings', () => {
  it('chunk size 0x7fffffff means the largest', async () => {
    const peer = kept(await RtmpClient.shaken(port))
    peer.send(setChunkSize(0x7fffffff))
    const body = encodeAmf0Values(['connect', 1, { app: 'live', swfUrl: 'x'.repeat(500) }])
    peer.send({ csid: 3, type: 20, timestampMs: 0, streamId: 0, body }, 0xffffff)
    expect((await peer.commandNamed('_result')).at(-1)).toMatchObject({
      code: 'NetConnection.Connect.Success',
    })
  })

  it.each<[string, Parameters<typeof encodeAmf0Values>[0]]>([
    ['without tcUrl', ['connect', 1, { app: 'live' }]],
    ['with a number as app', ['connect', 1, { app: 7, tcUrl: 5 }]],
    ['without an object', ['connect', 1]],
    ['with a connect inside', ['connect', 1, { app: 'live', inner: { app: 'live' } }]],
  ])('connect %s is accepted', async (_, values) => {
    const peer = kept(await RtmpClient.shaken(port))
    peer.command(0, ...values)
    expect((await peer.commandNamed('_result')).at(-1)).toMatchObject({
      code: 'NetConnection.Connect.Success',
    })
  })

  it('empty messages of every type change nothing', async () => {
    const peer = await onAir()
    const session = gate.sessions.at(-1)
    for (const type of [8, 9, 15, 17, 18, 20, 22, 99]) {
      peer.send({ csid: 7, type, timestampMs: 0, streamId: 1, body: Buffer.alloc(0) })
    }
    peer.send(video(40, Buffer.of(0x17, 1, 0, 0, 0, 1)))
    await session?.received(1)
    expect(session?.messages).toEqual([{ type: 9, timestampMs: 40, body: Buffer.of(0x17, 1, 0, 0, 0, 1) }])
  })

  it('a name of 300 characters is refused in words', async () => {
    const peer = kept(await RtmpClient.connected(port))
    peer.command(1, 'publish', 3, null, 'n'.repeat(300), 'live')
    expect(await peer.status('NetStream.Publish.Denied')).toMatchObject({
      level: 'error',
      description: expect.stringContaining('too long'),
    })
    await peer.closed
    expect(gate.requests).toEqual([])
  })

  it('the whole address in the server field is understood', async () => {
    const peer = kept(await RtmpClient.connected(port, { app: 'live/the-key' }))
    peer.command(1, 'publish', 3, null, '', 'live')
    await peer.status('NetStream.Publish.Start')
    expect(gate.requests[0]).toMatchObject({ app: 'live', streamKey: 'the-key' })
  })

  it('bytes that come one by one are understood', async () => {
    const peer = await onAir()
    const session = gate.sessions.at(-1)
    const bytes = Buffer.from('06000000000006090100000017010000002a', 'hex')
    for (const byte of bytes) {
      await new Promise<void>((resolve) => peer.socket.write(Buffer.of(byte), () => resolve()))
    }
    await session?.received(1)
    expect(session?.messages[0]?.body).toEqual(Buffer.from('17010000002a', 'hex'))
  })

  it('media sent together with the publish command is kept until the gate has answered', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    gate.wait = () => promise
    const peer = kept(await RtmpClient.connected(port))
    peer.socket.cork()
    peer.command(1, 'publish', 3, null, 'the-key', 'live')
    for (let i = 0; i < 100; i += 1) peer.send(video(i * 40, noise(i, 3000)))
    peer.socket.uncork()
    resolve()
    const session = await gate.session()
    await session.received(100)
    expect(session.messages.map(({ timestampMs }) => timestampMs)).toEqual(
      Array.from({ length: 100 }, (_, i) => i * 40),
    )
  })

  it('pings are answered', async () => {
    const peer = kept(await RtmpClient.connected(port))
    peer.send({ csid: 2, type: 4, timestampMs: 0, streamId: 0, body: Buffer.from('00060000002a', 'hex') })
    const pong = await peer.answer(({ type, body }) => type === 4 && body[1] === 7)
    expect(pong.body.toString('hex')).toBe('00070000002a')
  })

  it('what was received is acknowledged at the pace the peer asked for', async () => {
    const peer = await onAir()
    peer.send({ csid: 2, type: 5, timestampMs: 0, streamId: 0, body: Buffer.from('00010000', 'hex') })
    peer.send(video(0, Buffer.alloc(100_000, 0x27)))
    const ack = await peer.answer(({ type }) => type === 3)
    expect(ack.body.readUInt32BE()).toBeGreaterThanOrEqual(65_536)
  })
})

describe('a publish', () => {
  it('refused by the gate is told why and leaves nothing', async () => {
    const peer = kept(await RtmpClient.connected(port))
    peer.command(1, 'publish', 3, null, 'wrong', 'live')
    expect(await peer.status('NetStream.Publish.Denied')).toMatchObject({
      level: 'error',
      description: REFUSAL,
    })
    await peer.closed
    expect(server.snapshot().streams).toEqual([])
  })

  it('whose connection is lost while the gate thinks is closed as dropped', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    gate.wait = () => promise
    const peer = kept(await RtmpClient.connected(port))
    peer.command(1, 'publish', 3, null, 'the-key', 'live')
    await expect.poll(() => gate.requests.length).toBe(1)
    peer.socket.resetAndDestroy()
    await expect.poll(() => server.snapshot().connections.every(({ phase }) => phase === 'closed')).toBe(true)
    resolve()
    expect(await (await gate.session()).closed).toBe('dropped')
    expect(server.snapshot().streams).toEqual([])
  })

  it('is refused when the gate itself fails', async () => {
    gate.wait = () => Promise.reject(new Error('no database'))
    const peer = kept(await RtmpClient.connected(port))
    peer.command(1, 'publish', 3, null, 'the-key', 'live')
    expect(await peer.status('NetStream.Publish.Denied')).toMatchObject({
      description: expect.stringContaining('Try again'),
    })
    await peer.closed
  })

  it('is not read from while the recording has no room', async () => {
    const peer = await onAir()
    const session = await gate.session()
    session.hasRoom = false
    const frames = 400
    for (let i = 0; i < frames; i += 1) peer.send(video(i * 40, Buffer.alloc(100_000, 0x27)), 128)
    await session.received(1)
    const received = () => server.snapshot().connections[0]?.receivedBytes ?? 0
    // Reading has stopped when nothing more comes in over several turns of the loop.
    let before = -1
    const stands = () => {
      const now = received()
      const same = now === before
      before = now
      return same
    }
    await expect.poll(stands, { interval: 50 }).toBe(true)
    expect(session.messages.length).toBeLessThan(frames / 10)
    session.drain()
    await session.received(frames)
  })

  it('that fails downstream ends this connection as a protocol error', async () => {
    const peer = await onAir()
    const session = await gate.session()
    session.write = () => {
      throw new Error('a bug downstream')
    }
    peer.send(video(0, Buffer.of(0x17, 1, 0, 0, 0, 1)))
    await peer.closed
    expect(await session.closed).toBe('protocol-error')
    await stillServes()
  })

  it('may be repeated on one connection, 16 times', async () => {
    const peer = kept(await RtmpClient.connected(port))
    for (let i = 1; i <= 16; i += 1) {
      peer.command(1, 'publish', 0, null, 'the-key', 'live')
      const session = await gate.session(i)
      peer.command(1, 'closeStream', 0, null)
      expect(await session.closed).toBe('unpublished')
    }
    peer.command(1, 'publish', 0, null, 'the-key', 'live')
    await peer.closed
    expect(gate.sessions.length).toBe(16)
  })
})

describe('time limits', () => {
  beforeEach(async () => {
    await shut()
    // Of the server's clock; it goes on only when a test says so.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
    await serve({ handshakeMs: 10_000, roleMs: 10_000, publishIdleMs: 10_000 })
  })
  afterEach(() => void vi.useRealTimers())

  const connections = () => server.snapshot().connections.length

  /** So many are let in and, however long it takes here, stay until their time is over. */
  async function endWithTime(count: number): Promise<void> {
    await expect.poll(connections).toBe(count)
    vi.advanceTimersByTime(9_900)
    expect(connections()).toBe(count)
    vi.advanceTimersByTime(200)
    await expect.poll(connections).toBe(0)
  }

  it('close 200 connections that say nothing', async () => {
    const peers = await Promise.all(Array.from({ length: 200 }, () => RtmpClient.dial(port)))
    await endWithTime(200)
    await Promise.all(peers.map((peer) => peer.closed))
  })
  it('close 200 of every kind of half handshake, while others are served', async () => {
    const crowd = await gatherIdleCrowd(port, 200, 50)
    await expect.poll(connections).toBe(200)
    await stillServes()
    await endWithTime(200)
    await crowd.gone
  })
  it('close who neither publishes nor plays', async () => {
    const peer = kept(await RtmpClient.connected(port))
    await endWithTime(1)
    await peer.closed
  })
  it('close an encoder that went silent after its broadcast was ended', async () => {
    const peer = await onAir()
    const session = await gate.session()
    await session.endByCreator()
    await endWithTime(1)
    await peer.closed
    expect(session.ending).toBe('ended')
    await expect.poll(() => session.leaving).toBe('silent')
  })
  it('end the session of an encoder that went silent', async () => {
    await onAir()
    await endWithTime(1)
    expect(await (await gate.session()).closed).toBe('silent')
  })
})

describe('one address', () => {
  it('holds as many connections as it may, and the next is closed', async () => {
    await shut()
    await serve({ maxConnectionsPerAddress: 2 })
    const first = await onAir()
    kept(await RtmpClient.connected(port))
    await kept(await RtmpClient.dial(port)).closed
    expect(server.snapshot().connections.length).toBe(2)
    first.close()
    await expect.poll(() => server.snapshot().connections.length).toBe(1)
    kept(await RtmpClient.connected(port))
  })
})

describe('a player', () => {
  const picture = Buffer.of(0x17, 1, 0, 0, 0, 1)

  async function playOn(streamId: number): Promise<RtmpClient> {
    const player = kept(await RtmpClient.connected(port))
    player.command(0, 'createStream', 9, null)
    await player.commandNamed('_result', 9)
    player.command(streamId, 'play', 0, null, 'channel', -2000)
    return player
  }

  it('is sent media on the stream it plays on', async () => {
    const encoder = await onAir()
    encoder.send(video(40, picture))
    await gate.sessions.at(-1)?.received(1)
    for (const streamId of [1, 2]) {
      const player = await playOn(streamId)
      const media = await player.answer(({ type }) => type === 9)
      expect(media).toEqual({ type: 9, timestampMs: 40, streamId, body: picture })
    }
  })

  it('may come before the encoder', async () => {
    await shut()
    await serve({ playWaitMs: 10_000 })
    const player = await playOn(1)
    await expect.poll(() => server.snapshot().connections.some(({ phase }) => phase === 'waiting')).toBe(true)
    const encoder = await onAir()
    await player.status('NetStream.Play.Start')
    encoder.send(video(40, picture))
    expect((await player.answer(({ type }) => type === 9)).body).toEqual(picture)
  })

  it('is told that the broadcast is over when the server closes', async () => {
    await onAir()
    const player = await playOn(1)
    await player.status('NetStream.Play.Start')
    const told = player.status('NetStream.Play.UnpublishNotify')
    await server.close()
    await told
  })
})

describe('a player that reads nothing', () => {
  it('loses its connection; memory is bounded and the encoder is not held up (pain 44)', async () => {
    const encoder = await onAir()
    const session = await gate.session()
    const player = kept(await RtmpClient.connected(port))
    player.command(1, 'play', 0, null, 'channel', -2000)
    await player.status('NetStream.Play.Start')
    player.socket.pause()
    const keyframe = Buffer.alloc(200_000, 1)
    keyframe.set([0x17, 1])
    let sent = 0
    const viewers = () => server.snapshot().streams[0]?.viewers
    while (viewers() === 1) {
      encoder.send(video(sent * 40, keyframe), 128)
      sent += 1
      await session.received(sent)
      expect(server.snapshot().streams[0]?.queuedBytes).toBeLessThanOrEqual(8 * MIB)
    }
    expect(session.messages.length).toBe(sent)
    await expect.poll(() => server.snapshot().connections.length).toBe(1)
  })
})
