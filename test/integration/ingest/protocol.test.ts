/** The protocol over a socket, said byte by byte by a client of the tests: what session.test.ts promises, and what carries it. */
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encodeAmf0Values } from '../../../src/formats/amf0.ts'
import type { IngestLimits } from '../../../src/ingest/ingest-limits.ts'
import { LiveHub } from '../../../src/ingest/live-hub.ts'
import { RtmpServer } from '../../../src/ingest/rtmp-server.ts'
import { FakePublishGate } from '../../support/fake-publish-gate.ts'
import { RtmpClient } from '../../support/rtmp-client.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const CONFIG = hex('17 00 000000 01')
const keyframe = (byte: number) => Buffer.of(0x17, 1, 0, 0, 0, byte)
const frame = (byte: number) => Buffer.of(0x27, 1, 0, 0, 0, byte)
const sound = (byte: number) => Buffer.of(0xaf, 1, byte)

let gate: FakePublishGate
let hub: LiveHub
let server: RtmpServer
let port: number
let asked: string[]
let logged: string
const clients: RtmpClient[] = []

function log(line: string): void {
  logged += line
}

async function serve(limits: Partial<IngestLimits> = {}): Promise<void> {
  gate = new FakePublishGate({ 'the-key': 'channel', 'other-key': 'other' })
  hub = new LiveHub({ batchMs: 1 })
  asked = []
  logged = ''
  server = new RtmpServer({
    host: '127.0.0.1',
    port: 0,
    gate,
    playGate: {
      mayPlay: (name) => {
        asked.push(name)
        return Promise.resolve(true)
      },
    },
    hub,
    logger: pino({ level: 'trace' }, { write: log }),
    limits: { playWaitMs: 50, goodbyeMs: 200, sweepMs: 20, ...limits },
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

async function connected(connect: Parameters<typeof RtmpClient.connected>[1] = { app: 'live' }) {
  const client = await RtmpClient.connected(port, connect)
  clients.push(client)
  return client
}

async function onAir(connect?: Parameters<typeof RtmpClient.connected>[1]): Promise<RtmpClient> {
  const client = await connected(connect)
  client.command(1, 'publish', 3, null, 'the-key', 'live')
  await client.status('NetStream.Publish.Start')
  return client
}

function media(client: RtmpClient, streamId: number, type: 8 | 9, timestampMs: number, body: Buffer): void {
  client.send({ csid: 4 + streamId, type, timestampMs, streamId, body })
}

/** An answer that cannot come before everything sent so far was obeyed. */
async function obeyed(client: RtmpClient, mark: number): Promise<void> {
  client.command(0, 'mark', mark, null)
  await client.commandNamed('_result', mark)
}

const got = (client: RtmpClient, streamId: number, type: number) =>
  client.answers
    .filter((answer) => answer.streamId === streamId && answer.type === type)
    .map(({ body }) => body.toString('hex'))

describe('several streams on one connection', () => {
  it('two are published, each recorded by itself; the end of one is not the end of the other', async () => {
    const client = await onAir()
    client.command(0, 'createStream', 4, null)
    expect((await client.commandNamed('_result', 4))[3]).toBe(2)
    client.command(2, 'publish', 5, null, 'other-key', 'live')
    await client.answer(
      ({ type, streamId, body }) => type === 20 && streamId === 2 && body.includes('Publish.Start'),
    )
    const [one, two] = [await gate.session(1), await gate.session(2)]
    for (let i = 0; i < 20; i += 1) {
      media(client, 1, 9, i * 40, keyframe(i))
      media(client, 2, 9, i * 40, keyframe(100 + i))
    }
    // Of a stream that nobody publishes: not taken for one of the two.
    media(client, 7, 9, 0, keyframe(200))
    await Promise.all([one.received(20), two.received(20)])
    expect(server.snapshot().connections.map(({ phase, streamName }) => [phase, streamName])).toEqual([
      ['publishing', 'channel'],
      ['publishing', 'other'],
    ])
    client.command(0, 'deleteStream', 0, null, 1)
    expect(await one.closed).toBe('unpublished')
    // What comes late for it is nobody's.
    media(client, 1, 9, 1000, keyframe(99))
    media(client, 2, 9, 1000, keyframe(120))
    await two.received(21)
    expect(one.messages.map(({ body }) => body[5])).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(two.messages.map(({ body }) => body[5])).toEqual(Array.from({ length: 21 }, (_, i) => 100 + i))
    client.close()
    expect(await two.closed).toBe('dropped')
  })

  it('one is published and played by the same connection', async () => {
    const client = await onAir()
    media(client, 1, 9, 0, CONFIG)
    media(client, 1, 9, 0, keyframe(1))
    client.command(0, 'createStream', 4, null)
    await client.commandNamed('_result', 4)
    client.command(2, 'play', 0, null, 'channel', -2000)
    await client.status('NetStream.Play.Start')
    media(client, 1, 9, 40, frame(2))
    await client.answer(({ body }) => body.equals(frame(2)))
    expect(got(client, 2, 9)).toEqual([CONFIG, keyframe(1), frame(2)].map((body) => body.toString('hex')))
    expect(asked).toEqual(['channel'])
  })

  it("media on another stream than the published one is the published one's, where there is only one", async () => {
    const client = await onAir()
    media(client, 0, 9, 0, keyframe(1))
    media(client, 5, 9, 40, keyframe(2))
    await (await gate.session()).received(2)
  })

  it('a recording that has no room holds up the connection, whichever stream it is of', async () => {
    const client = await onAir()
    client.command(0, 'createStream', 4, null)
    await client.commandNamed('_result', 4)
    client.command(2, 'publish', 5, null, 'other-key', 'live')
    const [one, two] = [await gate.session(1), await gate.session(2)]
    one.hasRoom = false
    media(client, 1, 9, 0, keyframe(1))
    await one.received(1)
    // More than a socket holds.
    const large = Buffer.alloc(1024 * 1024, 0x27)
    for (let i = 0; i < 40; i += 1) media(client, 2, 9, i, large)
    await expect.poll(() => client.socket.writableLength, { timeout: 15_000 }).toBeGreaterThan(0)
    expect(two.messages.length).toBeLessThan(40)
    one.drain()
    await two.received(40)
  })
})

describe('a player', () => {
  it('without picture gets the sound, and the picture again from a keyframe', async () => {
    const encoder = await onAir()
    media(encoder, 1, 9, 0, CONFIG)
    media(encoder, 1, 9, 0, keyframe(1))
    const player = await connected()
    player.command(1, 'play', 0, null, 'channel', -2000)
    await player.answer(({ body }) => body.equals(keyframe(1)))
    player.command(1, 'receiveVideo', 0, null, false)
    await obeyed(player, 9)
    for (const [i, body] of [frame(2), sound(2), keyframe(3), sound(3)].entries())
      media(encoder, 1, body[0] === 0xaf ? 8 : 9, 40 + i, body)
    await player.answer(({ body }) => body.equals(sound(3)))
    player.command(1, 'receiveVideo', 0, null, true)
    await player.status('NetStream.Seek.Notify')
    for (const [i, body] of [frame(4), sound(4), keyframe(5), frame(6)].entries())
      media(encoder, 1, body[0] === 0xaf ? 8 : 9, 80 + i, body)
    await player.answer(({ body }) => body.equals(frame(6)))
    const pictures = got(player, 1, 9).map((body) => Number.parseInt(body.slice(-2), 16))
    // The configuration; what was there; and from the keyframe on.
    expect(pictures.filter((number, i) => i < 2 || number > 3)).toEqual([1, 1, 5, 6])
    expect(pictures).not.toContain(2)
    expect(pictures).not.toContain(3)
    expect(pictures).not.toContain(4)
    expect(got(player, 1, 8).slice(0, 2)).toEqual([sound(2), sound(3)].map((body) => body.toString('hex')))
  })

  it('changes channels on the stream it has', async () => {
    const encoder = await onAir()
    media(encoder, 1, 9, 0, keyframe(1))
    const player = await connected()
    player.command(1, 'play', 0, null, 'channel')
    await player.answer(({ body }) => body.equals(keyframe(1)))
    hub.open('other').write({ type: 9, timestampMs: 0, parts: [keyframe(9)], byteLength: 6 })
    player.command(1, 'play', 0, null, 'other')
    await player.answer(({ body }) => body.equals(keyframe(9)))
    expect(server.snapshot().streams.map(({ streamName, viewers }) => [streamName, viewers])).toEqual([
      ['channel', 0],
      ['other', 1],
    ])
  })

  it('is told that there is no seeking and no other quality, and goes on', async () => {
    const encoder = await onAir()
    media(encoder, 1, 9, 0, keyframe(1))
    const player = await connected()
    player.command(1, 'play', 0, null, 'channel')
    await player.answer(({ body }) => body.equals(keyframe(1)))
    player.command(1, 'seek', 7, null, 5000)
    expect((await player.status('NetStream.Seek.Failed')).level).toBe('error')
    expect((await player.commandNamed('_error', 7))[3]).toMatchObject({ code: 'NetStream.Seek.Failed' })
    player.command(1, 'play2', 0, null, { streamName: 'x', transition: 'switch' })
    await player.status('NetStream.Play.Failed')
    media(encoder, 1, 9, 40, frame(2))
    await player.answer(({ body }) => body.equals(frame(2)))
  })
})

describe('what carries it', () => {
  it('a window is answered when the peer asks for another one', async () => {
    const client = await connected()
    client.send({ csid: 2, type: 6, timestampMs: 0, streamId: 0, body: hex('00010000 02') })
    const window = await client.answer(({ type, body }) => type === 5 && body.readUInt32BE() === 65_536)
    expect(window.streamId).toBe(0)
    client.send({ csid: 2, type: 6, timestampMs: 0, streamId: 0, body: hex('00010000 02') })
    await obeyed(client, 9)
    expect(client.answers.filter(({ type }) => type === 5).length).toBe(2)
  })

  it('commands in AMF3 are obeyed and answered in AMF0', async () => {
    const client = await RtmpClient.shaken(port)
    clients.push(client)
    const say = (streamId: number, ...parts: readonly Buffer[]) =>
      client.send({
        csid: 3,
        type: 17,
        timestampMs: 0,
        streamId,
        body: Buffer.concat([Buffer.of(0), ...parts]),
      })
    // {app: "live"}, a dynamic object.
    say(0, encodeAmf0Values(['connect', 1]), hex('11 0a0b01 07617070 06096c697665 01'))
    const [, , , info] = await client.commandNamed('_result', 1)
    expect(info).toMatchObject({ code: 'NetConnection.Connect.Success', objectEncoding: 0 })
    say(0, encodeAmf0Values(['createStream', 2, null]))
    await client.commandNamed('_result', 2)
    say(1, encodeAmf0Values(['publish', 3, null]), hex('11 06 0f 7468652d6b6579'), encodeAmf0Values(['live']))
    await client.status('NetStream.Publish.Start')
    const data = Buffer.concat([
      Buffer.of(0),
      encodeAmf0Values(['@setDataFrame', 'onMetaData']),
      // {width: 640}
      hex('11 0a0b01 0b7769647468 048500 01'),
    ])
    client.send({ csid: 5, type: 15, timestampMs: 0, streamId: 1, body: data })
    const session = await gate.session()
    await session.received(1)
    expect(session.messages[0]).toMatchObject({
      type: 18,
      body: encodeAmf0Values(['onMetaData', { width: 640 }]),
    })
  })

  it('shared objects, unknown message types and unknown controls are passed over', async () => {
    const client = await onAir()
    for (const type of [16, 19, 7, 10, 21, 23, 255])
      client.send({
        csid: 3,
        type,
        timestampMs: 0,
        streamId: 1,
        body: hex('0003 666f6f 00000000 00000000 01'),
      })
    client.send({ csid: 2, type: 4, timestampMs: 0, streamId: 0, body: hex('001f 00000001') })
    media(client, 1, 9, 0, keyframe(1))
    const session = await gate.session()
    await session.received(1)
    expect(session.messages.length).toBe(1)
  })

  it('who asks for nothing is told before the end', async () => {
    await shut()
    await serve({ roleMs: 50 })
    const client = await RtmpClient.shaken(port)
    clients.push(client)
    client.command(0, 'connect', 1, { app: 'live' })
    expect((await client.status('NetConnection.Connect.Closed')).level).toBe('status')
    await client.closed
  })
})

describe('names and keys of any bytes', () => {
  const NAMES = [
    '../../../etc/passwd',
    '..%2f..%2fetc',
    '..\\..\\windows',
    '/absolute',
    'nul\u0000inside',
    'line\nbreak\r\n',
    '\u202edrowssap',
    '💩'.repeat(20),
    '__proto__',
    'constructor',
    '.',
    '..',
    'a'.repeat(256),
  ]

  it.each(NAMES.map((name) => [name.slice(0, 20), name]))(
    'go to the gate and nowhere else: %j',
    async (_, name) => {
      const client = await connected()
      client.command(1, 'publish', 3, null, name, 'live')
      await client.status('NetStream.Publish.Denied')
      await client.closed
      expect(gate.sessions).toEqual([])
      expect(hub.snapshot()).toEqual([])
      // A key is a secret: it is in no line of the log, in whatever form.
      const secret = JSON.stringify(name).slice(1, -1)
      if (secret.length > 5 && secret !== 'constructor') expect(logged).not.toContain(secret)
      const player = await connected()
      player.command(1, 'play', 0, null, name)
      expect((await player.status('NetStream.Play.StreamNotFound')).level).toBe('error')
      await player.closed
    },
  )

  it('longer ones do not even get there', async () => {
    for (const verb of ['publish', 'play']) {
      const client = await connected()
      client.command(1, verb, 0, null, 'n'.repeat(60_000))
      await client.closed
    }
    expect(gate.requests).toEqual([])
    expect(asked).toEqual([])
    expect(logged).not.toContain('nnnnnnnnnn')
  })
})

describe('a server that is about to stop', () => {
  const ENHANCED = { app: 'live', fourCcList: ['hvc1'], capsEx: 1 }

  it('asks who can to connect again, takes its goodbye for no end, and lets nobody new in', async () => {
    const client = await onAir(ENHANCED)
    const session = await gate.session()
    const moved = server.move()
    const request = await client.status('NetConnection.Connect.ReconnectRequest')
    expect(request.level).toBe('status')
    // Up to the next keyframe it goes on here.
    media(client, 1, 9, 0, keyframe(1))
    await session.received(1)
    await expect(RtmpClient.dial(port)).rejects.toThrow('refused')
    client.command(0, 'deleteStream', 0, null, 1)
    expect(await session.closed).toBe('draining')
    client.close()
    await moved
  })

  it('nor a connection that it drops', async () => {
    const client = await onAir(ENHANCED)
    const moved = server.move()
    await client.status('NetConnection.Connect.ReconnectRequest')
    client.close()
    expect(await (await gate.session()).closed).toBe('draining')
    await moved
  })

  it('waits for nobody who cannot, and not forever for who does not', async () => {
    await shut()
    await serve({ reconnectMs: 50 })
    const old = await onAir()
    const stubborn = await onAir(ENHANCED)
    await server.move()
    expect(old.answers.some(({ body }) => body.includes('ReconnectRequest'))).toBe(false)
    expect((await gate.session(1)).ending).toBeUndefined()
    await server.close()
    expect((await stubborn.status('NetConnection.Connect.AppShutdown')).level).toBe('error')
    expect((await gate.session(2)).ending).toBe('draining')
  })
})
