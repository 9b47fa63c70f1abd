/** RTMP over TLS with real programs, and what reaches the port without it. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { LiveHub } from '../../../src/ingest/live-hub.ts'
import type { RtmpServer } from '../../../src/ingest/rtmp-server.ts'
import { readTlsIdentity } from '../../../src/ingest/tls-identity.ts'
import { FakePublishGate, REFUSAL } from '../../support/fake-publish-gate.ts'
import { fedEncoder } from '../../support/fed-encoder.ts'
import { ffmpeg, makeBroadcastSource, publish, streamHash } from '../../support/ffmpeg.ts'
import { makeRtmpServer } from '../../support/rtmp/test-server.ts'
import { makeSelfSigned } from '../../support/self-signed.ts'

const HANDSHAKE_MS = 10_000

let dir: string
let source: string
let gate: FakePublishGate
let hub: LiveHub
let server: RtmpServer
let plain: string
let secure: string

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'reprise-rtmps-'))
  source = path.join(dir, 'source.flv')
  await makeBroadcastSource(source, { seconds: 4, size: '320x180' })
  const { cert, key } = makeSelfSigned()
  writeFileSync(path.join(dir, 'cert.pem'), cert)
  writeFileSync(path.join(dir, 'key.pem'), key)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
beforeEach(async () => {
  // Of the server's clock; it goes on only when a test says so.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  gate = new FakePublishGate({ 'the-key': 'channel' })
  const files = { certFile: path.join(dir, 'cert.pem'), keyFile: path.join(dir, 'key.pem') }
  const { context } = await readTlsIdentity(files)
  hub = new LiveHub()
  server = makeRtmpServer({
    rtmps: { port: 0, context: () => context },
    gate,
    hub,
    limits: { handshakeMs: HANDSHAKE_MS, maxHandshakesPerAddress: 8 },
  })
  plain = `rtmp://127.0.0.1:${await server.listen()}/live`
  secure = `rtmps://127.0.0.1:${server.rtmpsPort}/live`
})
afterEach(async () => {
  await server.close()
  hub.close()
  vi.useRealTimers()
})

async function recorded(): Promise<string> {
  const session = await gate.session()
  await session.closed
  const file = path.join(dir, 'recorded.flv')
  writeFileSync(file, session.flv())
  return file
}

describe('RTMPS', () => {
  it('records packet for packet what ffmpeg publishes, beside the plain port', async () => {
    await ffmpeg('-i', source, '-c', 'copy', '-f', 'flv', `${secure}/the-key`)
    const file = await recorded()
    expect(await streamHash(file, 'v')).toBe(await streamHash(source, 'v'))
    expect(await streamHash(file, 'a')).toBe(await streamHash(source, 'a'))
    expect((await gate.session()).ending).toBe('unpublished')
    expect(gate.requests[0]?.remoteAddress).toBe('127.0.0.1')
    await ffmpeg('-i', source, '-c', 'copy', '-f', 'flv', `${plain}/the-key`)
    expect(gate.sessions.length).toBe(2)
  })

  it('plays to ffmpeg, to the end of the broadcast', async () => {
    const encoder = await fedEncoder(source, `${secure}/the-key`)
    encoder.feed(1600)
    await (await gate.session()).received(5)
    const file = path.join(dir, 'played.flv')
    const playing = ffmpeg('-i', `${secure}/channel`, '-c', 'copy', file)
    await expect.poll(() => hub.snapshot()[0]?.viewers).toBe(1)
    encoder.finish()
    expect(await encoder.done, encoder.stderr()).toBe(0)
    await playing
    expect(await streamHash(file, 'v')).toBe(await streamHash(source, 'v'))
  })

  it('shows the reason of a refusal in the encoder', async () => {
    const encoder = publish(source, `${secure}/a-wrong-key`)
    expect(await encoder.done).not.toBe(0)
    expect(encoder.stderr()).toContain(REFUSAL)
  })

  it('calls a lost connection dropped, and closes with encoders on air', async () => {
    const lost = publish(source, `${secure}/the-key`)
    await (await gate.session()).received(20)
    lost.child.kill('SIGKILL')
    expect(await (await gate.session()).closed).toBe('dropped')
    const drained = publish(source, `${secure}/the-key`)
    await (await gate.session(2)).received(20)
    await server.close()
    expect(await (await gate.session(2)).closed).toBe('draining')
    expect(await drained.done).not.toBe(0)
  })

  it('closes who speaks plain RTMP, who says nothing, and who stops after the TLS handshake', async () => {
    const port = server.rtmpsPort ?? 0
    const speaks = net.connect(port, '127.0.0.1')
    speaks.write(Buffer.alloc(1537, 3))
    const silent = net.connect(port, '127.0.0.1')
    const shaken = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    const shaking = once(shaken, 'secureConnect')
    const closed = [speaks, silent, shaken].map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.on('error', () => {})
          socket.on('close', () => resolve())
          socket.resume()
        }),
    )
    await Promise.all([closed[0], shaking])
    await expect.poll(() => server.snapshot().connections.length).toBe(2)
    vi.advanceTimersByTime(HANDSHAKE_MS + 2000)
    await Promise.all(closed)
    await expect.poll(() => server.snapshot().connections.length).toBe(0)
    await ffmpeg('-i', source, '-c', 'copy', '-f', 'flv', `${secure}/the-key`)
  })

  it('stops reading while the recording has no room, and loses nothing by it', async () => {
    const pushing = ffmpeg('-i', source, '-c', 'copy', '-f', 'flv', `${secure}/the-key`)
    const session = await gate.session()
    session.hasRoom = false
    await session.received(1)
    await new Promise((resolve) => setImmediate(resolve))
    session.drain()
    await pushing
    expect(await streamHash(await recorded(), 'v')).toBe(await streamHash(source, 'v'))
  })

  it('holds at most 8 unfinished handshakes of one address, TLS or not', async () => {
    const port = server.rtmpsPort ?? 0
    const sockets = Array.from({ length: 20 }, () => net.connect(port, '127.0.0.1'))
    let open = sockets.length
    for (const socket of sockets) {
      socket.on('error', () => {})
      socket.on('close', () => {
        open -= 1
      })
      socket.resume()
    }
    await expect.poll(() => open).toBe(8)
    expect(server.snapshot().connections.length).toBe(8)
    vi.advanceTimersByTime(HANDSHAKE_MS + 2000)
    await expect.poll(() => open).toBe(0)
  })
})
