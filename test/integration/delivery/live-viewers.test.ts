/** What viewers get who join in the middle, and what becomes of those who stop reading: the same by every protocol. */
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { makeClientAddresses } from '../../../src/delivery/client-address.ts'
import { LivePlaces } from '../../../src/delivery/live/live-places.ts'
import { LiveSockets, type LiveSocketsOptions } from '../../../src/delivery/live/live-sockets.ts'
import { startWebServer, type WebServer } from '../../../src/delivery/server.ts'
import { streamFlv } from '../../../src/ingest/flv-output.ts'
import { LiveHub, type LiveHubLimits } from '../../../src/ingest/live-hub.ts'
import { RtmpServer } from '../../../src/ingest/rtmp-server.ts'
import { makeLogger } from '../../../src/kernel/logger.ts'
import { FakePublishGate, type FakeSession } from '../../support/fake-publish-gate.ts'
import { LiveEncoder } from '../../support/live-encoder.ts'
import { type LivePorts, PROTOCOLS, type TestViewer, watchLive } from '../../support/live-viewer.ts'
import { RtmpClient } from '../../support/rtmp-client.ts'

const BIG_FRAME_BYTES = 200_000
const GROUP_FRAMES = 10
const MAX_QUEUED_BYTES = 1024 * 1024
const CHUNK_BYTES = 65_536

interface OnAir {
  readonly hub: LiveHub
  readonly ports: LivePorts
  readonly encoder: LiveEncoder
  /** Stands for the recording. */
  readonly session: FakeSession
}

let stack: AsyncDisposableStack
const viewers: TestViewer[] = []
beforeEach(() => {
  stack = new AsyncDisposableStack()
})
afterEach(async () => {
  for (const viewer of viewers.splice(0)) viewer.leave()
  await stack.disposeAsync()
})

async function goOnAir(limits: Partial<LiveHubLimits>, pingMs = 60_000): Promise<OnAir> {
  const hub = stack.use(new LiveHub({ maxQueuedBytes: MAX_QUEUED_BYTES, ...limits }))
  const gate = new FakePublishGate({ 'the-key': 'channel' })
  const logger = makeLogger('silent')
  const playGate = { mayPlay: () => Promise.resolve(true) }
  const server = stack.use(new RtmpServer({ host: '127.0.0.1', port: 0, gate, playGate, hub, logger }))
  const rtmpPort = await server.listen()
  const web = stack.use(await startWeb(hub, pingMs))
  const client = await RtmpClient.connected(rtmpPort)
  stack.defer(() => client.close())
  const size = Buffer.alloc(4)
  size.writeUInt32BE(CHUNK_BYTES)
  client.send({ csid: 2, type: 1, timestampMs: 0, streamId: 0, body: size })
  client.command(1, 'publish', 3, null, 'the-key', 'live')
  await client.status('NetStream.Publish.Start')
  const encoder = new LiveEncoder(({ type, timestampMs, parts }) => {
    client.send({ csid: 6, type, timestampMs, streamId: 1, body: Buffer.concat(parts) }, CHUNK_BYTES)
  })
  encoder.begin()
  return {
    hub,
    ports: { rtmpPort, webPort: web.port },
    encoder,
    session: await gate.session(),
  }
}

async function startWeb(hub: LiveHub, pingMs: number): Promise<WebServer> {
  const places = new LivePlaces(0)
  const sockets = stack.use(
    new LiveSockets({
      publicUrl: 'http://site.example',
      addresses: makeClientAddresses([]),
      findLive: async () => ({ video: { channel: { handle: 'channel' } } }) as never,
      places,
      isStreaming: (name) => hub.isLive(name),
      streamFlv: (name, out, signal) => streamFlv(hub, name, out, signal),
      log: makeLogger('silent'),
      pingMs,
    } satisfies LiveSocketsOptions),
  )
  return startWebServer(
    (_request, response) => {
      const gone = new AbortController()
      response.on('close', () => gone.abort())
      void streamFlv(hub, 'channel', response, gone.signal)
    },
    { host: '127.0.0.1', port: 0, upgrades: sockets, endStreams: async () => places.close() },
  )
}

async function watch(protocol: (typeof PROTOCOLS)[number], ports: LivePorts): Promise<TestViewer> {
  const viewer = await watchLive(protocol, ports, 'channel')
  viewers.push(viewer)
  return viewer
}

const HEADERS = ['metadata', 'video header', 'audio header']

describe.each(PROTOCOLS)('over %s', (protocol) => {
  it('who joins in the middle gets metadata, the headers and the last keyframe at once, then everything', async () => {
    const { ports, encoder, session } = await goOnAir({})
    encoder.group(5)
    encoder.group(3)
    await session.received(encoder.sent)
    const viewer = await watch(protocol, ports)
    const begun = [...HEADERS, 'keyframe', 'sound', 'frame', 'sound', 'frame', 'sound']
    // Nothing more is sent: what is there came without waiting for another frame.
    await expect.poll(() => viewer.frames).toEqual(begun)
    encoder.group(2)
    await expect.poll(() => viewer.frames).toEqual([...begun, 'keyframe', 'sound', 'frame', 'sound'])
  })

  it('who stops reading loses the connection; memory is bounded, and neither the others nor the recording notice', async () => {
    // Of the hub's clock; it goes on only when who reads has read everything.
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const { hub, ports, encoder, session } = await goOnAir({ stallMs: 300 })
    encoder.group(1)
    await session.received(encoder.sent)
    const [stalled, other] = [await watch(protocol, ports), await watch(protocol, ports)]
    await expect.poll(() => other.frames.length).toBe(encoder.sent)
    stalled.pause()
    while (hub.snapshot()[0]?.viewers === 2) {
      encoder.group(GROUP_FRAMES, BIG_FRAME_BYTES)
      await expect.poll(() => other.frames.length, { interval: 5 }).toBe(encoder.sent)
      expect(hub.snapshot()[0]?.queuedBytes).toBeLessThanOrEqual(MAX_QUEUED_BYTES)
      vi.advanceTimersByTime(100)
    }
    // The connection is closed on our side; the viewer learns it when it looks.
    stalled.resume()
    await stalled.closed
    expect(hub.snapshot()).toMatchObject([{ viewers: 1, queuedBytes: 0 }])
    expect(session.messages.length).toBe(encoder.sent)
    expect(session.ending).toBeUndefined()
  })

  it('who reads again after it was cut back goes on at a keyframe, with the headers before it', async () => {
    const { hub, ports, encoder, session } = await goOnAir({ stallMs: 60_000 })
    encoder.group(1)
    await session.received(encoder.sent)
    const viewer = await watch(protocol, ports)
    await expect.poll(() => viewer.frames.length).toBe(encoder.sent)
    viewer.pause()
    // More than the kernel's buffers and our queue hold together.
    for (let bytes = 0; bytes < 32 * 1024 * 1024; bytes += GROUP_FRAMES * BIG_FRAME_BYTES) {
      encoder.group(GROUP_FRAMES, BIG_FRAME_BYTES)
      await session.received(encoder.sent)
      expect(hub.snapshot()[0]?.queuedBytes).toBeLessThanOrEqual(MAX_QUEUED_BYTES)
    }
    viewer.resume()
    await expect
      .poll(() => {
        encoder.group(2)
        return viewer.frames.lastIndexOf('metadata')
      })
      .toBeGreaterThan(0)
    const again = viewer.frames.lastIndexOf('metadata')
    await expect.poll(() => viewer.frames.slice(again, again + 4)).toEqual([...HEADERS, 'keyframe'])
    const before = viewer.frames.slice(3, again)
    expect(before.filter((name) => HEADERS.includes(name))).toEqual([])
    expect(before.length).toBeLessThan(encoder.sent)
  })
})

it('a WebSocket viewer who does not answer is taken for dead, one who does is not', async () => {
  const { hub, ports, encoder, session } = await goOnAir({}, 2000)
  encoder.group(1)
  await session.received(encoder.sent)
  const [dead, alive] = [await watch('WebSocket-FLV', ports), await watch('WebSocket-FLV', ports)]
  await expect.poll(() => alive.frames.length).toBe(encoder.sent)
  // Who does not read does not answer either.
  dead.pause()
  await expect.poll(() => hub.snapshot()[0]?.viewers).toBe(1)
  encoder.group(1)
  await expect.poll(() => alive.frames.length).toBe(encoder.sent)
})
