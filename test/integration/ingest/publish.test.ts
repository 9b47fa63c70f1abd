/** Real encoders against the RTMP server, with a gate that keeps what it gets. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RtmpServer } from '../../../src/ingest/rtmp-server.ts'
import { FakePublishGate, REFUSAL } from '../../support/fake-publish-gate.ts'
import { fedEncoder } from '../../support/fed-encoder.ts'
import { countPackets, ffmpeg, makeBroadcastSource, publish, streamHash } from '../../support/ffmpeg.ts'
import { makeRtmpServer } from '../../support/rtmp/test-server.ts'

let dir: string
let source: string
let gate: FakePublishGate
let server: RtmpServer
let url: string

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'reprise-publish-'))
  source = path.join(dir, 'source.flv')
  await makeBroadcastSource(source, { seconds: 3, size: '320x180' })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
beforeEach(async () => {
  // Of the server's clock; it goes on only when a test says so.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  gate = new FakePublishGate({ 'the-key': 'channel' })
  server = makeRtmpServer({
    gate,
  })
  url = `rtmp://127.0.0.1:${await server.listen()}/live`
})
afterEach(async () => {
  await server.close()
  vi.useRealTimers()
})

/** Not at its own pace: as fast as the server reads. */
function push(...args: readonly string[]): Promise<string> {
  return ffmpeg('-i', source, ...args)
}

async function recorded(number = 1): Promise<string> {
  const session = await gate.session(number)
  await session.closed
  const file = path.join(dir, `recorded-${number}.flv`)
  writeFileSync(file, session.flv())
  return file
}

describe('publishing with ffmpeg', () => {
  it('records packet for packet what was sent', async () => {
    await push('-c', 'copy', '-f', 'flv', `${url}/the-key`)
    const file = await recorded()
    expect(await streamHash(file, 'v')).toBe(await streamHash(source, 'v'))
    expect(await streamHash(file, 'a')).toBe(await streamHash(source, 'a'))
    expect(await countPackets(file)).toBe(90)
    expect((await gate.session()).ending).toBe('unpublished')
  })

  it('tells the gate who asks, and strips the query from the key', async () => {
    await push('-c', 'copy', '-f', 'flv', `${url}/the-key?backup=1`)
    const { app, streamKey, remoteAddress, encoder } = gate.requests[0] ?? {}
    expect({ app, streamKey, remoteAddress }).toEqual({
      app: 'live',
      streamKey: 'the-key',
      remoteAddress: '127.0.0.1',
    })
    expect(encoder).toMatch(/Lavf|FMLE/)
  })

  it('records metadata as a script tag that holds onMetaData and its value alone', async () => {
    await push('-c', 'copy', '-f', 'flv', `${url}/the-key`)
    const file = await recorded()
    const { messages } = await gate.session()
    const data = messages.filter(({ type }) => type === 18)
    expect(data.length).toBeGreaterThan(0)
    expect(data[0]?.body.subarray(3, 13).toString()).toBe('onMetaData')
    expect(await ffmpeg('-i', file, '-f', 'ffmetadata', '-')).toMatch(/encoder=Lavf/)
  })

  it('keeps timestamps beyond 2^24 ms', async () => {
    const offset = 0xffffff / 1000 - 1
    await push('-c', 'copy', '-copyts', '-output_ts_offset', String(offset), '-f', 'flv', `${url}/the-key`)
    const file = await recorded()
    expect(await streamHash(file, 'v')).toBe(await streamHash(source, 'v'))
    // Coded pictures only: not the decoder configuration before them, nor the end of sequence after.
    const video = (await gate.session()).messages.filter(({ type, body }) => type === 9 && body[1] === 1)
    expect(video.some(({ timestampMs }) => timestampMs < 0xffffff)).toBe(true)
    expect(video.at(-1)?.timestampMs).toBeGreaterThan(0xffffff)
    const deltas = video.slice(1).map((frame, i) => frame.timestampMs - (video[i]?.timestampMs ?? 0))
    expect(Math.max(...deltas)).toBeLessThanOrEqual(34)
    expect(Math.min(...deltas)).toBeGreaterThanOrEqual(33)
  })

  it('shows the reason of a refusal in the encoder, and writes nothing', async () => {
    const encoder = publish(source, `${url}/a-wrong-key`)
    expect(await encoder.done).not.toBe(0)
    expect(encoder.stderr()).toContain(REFUSAL)
    expect(gate.sessions).toEqual([])
  })

  it('calls a lost connection dropped', async () => {
    const encoder = publish(source, `${url}/the-key`)
    const session = await gate.session()
    await session.received(20)
    encoder.child.kill('SIGKILL')
    expect(await session.closed).toBe('dropped')
  })

  it('stops reading while the recording has no room, and loses nothing by it', async () => {
    const pushing = push('-c', 'copy', '-f', 'flv', `${url}/the-key`)
    const session = await gate.session()
    session.hasRoom = false
    await session.received(1)
    await new Promise((resolve) => setImmediate(resolve))
    session.drain()
    await pushing
    expect(await streamHash(await recorded(), 'v')).toBe(await streamHash(source, 'v'))
  })

  it('ends a broadcast that is taken over, and says why', async () => {
    const encoder = publish(source, `${url}/the-key`)
    const session = await gate.session()
    await session.received(10)
    await session.stop('taken-over', 'Another encoder took over this stream.')
    expect(await encoder.done).not.toBe(0)
    expect(await session.closed).toBe('taken-over')
    expect(encoder.stderr()).toContain('Another encoder took over this stream.')
  })

  it('keeps an encoder whose broadcast its creator ended, and throws away what it goes on sending', async () => {
    const encoder = await fedEncoder(source, `${url}/the-key`)
    encoder.feed(1600)
    const session = await gate.session()
    await session.received(10)
    await session.endByCreator()
    const { length } = session.messages
    expect(session.ending).toBe('ended')
    expect(server.snapshot().streams).toEqual([])
    const receivedBytes = () => server.snapshot().connections[0]?.receivedBytes ?? 0
    const before = receivedBytes()
    expect(server.snapshot().connections).toMatchObject([{ phase: 'discarding' }])
    encoder.feed(2800)
    await expect.poll(receivedBytes).toBeGreaterThan(before + 50_000)
    encoder.finish()
    expect(await encoder.done, encoder.stderr()).toBe(0)
    await expect.poll(() => session.leaving).toBe('goodbye')
    expect(session.messages.length).toBe(length)
    expect(gate.sessions.length).toBe(1)
    await push('-c', 'copy', '-f', 'flv', `${url}/the-key`)
    expect(await streamHash(await recorded(2), 'v')).toBe(await streamHash(source, 'v'))
  })

  it('lets an encoder in that is not to be heard, and shows it to nobody', async () => {
    const leavings: string[] = []
    gate.unheard = () => (leaving) => void leavings.push(leaving)
    await push('-c', 'copy', '-f', 'flv', `${url}/the-key`)
    await expect.poll(() => leavings).toEqual(['goodbye'])
    expect(server.snapshot().streams).toEqual([])
    expect(gate.sessions).toEqual([])
    gate.unheard = undefined
    await push('-c', 'copy', '-f', 'flv', `${url}/the-key`)
    expect(gate.sessions.length).toBe(1)
  })

  it('waits for the recordings when it closes', async () => {
    const encoder = publish(source, `${url}/the-key`)
    const session = await gate.session()
    await session.received(10)
    await server.close()
    expect(session.ending).toBe('draining')
    expect(await encoder.done).not.toBe(0)
  })

  it('shows what an encoder sends', async () => {
    const encoder = await fedEncoder(source, `${url}/the-key`)
    encoder.feed(2800)
    await (await gate.session()).received(200)
    vi.advanceTimersByTime(1000)
    const [connection] = server.snapshot().connections
    expect(connection).toMatchObject({
      phase: 'publishing',
      streamName: 'channel',
      remoteAddress: '127.0.0.1',
      keyframeIntervalMs: 2000,
      connectedMs: 1000,
      bitsPerSecond: (connection?.receivedBytes ?? 0) * 8,
    })
    expect(connection?.receivedBytes).toBeGreaterThan(100_000)
    expect(server.snapshot().streams).toMatchObject([{ streamName: 'channel', onAir: true, viewers: 0 }])
    encoder.finish()
    expect(await encoder.done, encoder.stderr()).toBe(0)
  })
})
