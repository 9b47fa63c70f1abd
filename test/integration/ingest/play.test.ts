/** Real players on the live outputs, fed by a real encoder at the test's pace. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { streamFlv } from '../../../src/ingest/flv-output.ts'
import { LiveHub } from '../../../src/ingest/live-hub.ts'
import { RtmpServer } from '../../../src/ingest/rtmp-server.ts'
import { makeLogger } from '../../../src/kernel/logger.ts'
import { FakePublishGate } from '../../support/fake-publish-gate.ts'
import { type FedEncoder, fedEncoder } from '../../support/fed-encoder.ts'
import { countPackets, makeBroadcastSource, streamHash } from '../../support/ffmpeg.ts'

let dir: string
let source: string
let gate: FakePublishGate
let hub: LiveHub
let server: RtmpServer
let web: http.Server
let rtmp: string
let flv: string
let encoders: FedEncoder[]
const asked: string[] = []

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'reprise-play-'))
  source = path.join(dir, 'source.flv')
  await makeBroadcastSource(source, { seconds: 5, size: '320x180' })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
beforeEach(async () => {
  // The server's clock stands: it sends nothing by itself. An encoder whose socket has been closed by the time
  // something comes loses what it has not got across (RFC 1122 §4.2.2.13), and these run ahead.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  gate = new FakePublishGate({ 'the-key': 'channel' })
  hub = new LiveHub({ lingerMs: 60_000 })
  asked.length = 0
  encoders = []
  const playGate = {
    mayPlay: (name: string) => {
      asked.push(name)
      return Promise.resolve(name !== 'private')
    },
  }
  const logger = makeLogger('silent')
  const limits = { playWaitMs: 300 }
  server = new RtmpServer({ host: '127.0.0.1', port: 0, gate, playGate, hub, logger, limits })
  rtmp = `rtmp://127.0.0.1:${await server.listen()}/live`
  web = http.createServer((_, response) => {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    streamFlv(hub, 'channel', response, gone.signal).catch(() => response.writeHead(404).end())
  })
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  flv = `http://127.0.0.1:${(web.address() as AddressInfo).port}/live/channel.flv`
})
afterEach(async () => {
  for (const { child } of encoders) child.kill('SIGKILL')
  await server.close()
  hub.close()
  web.close()
  vi.useRealTimers()
})

/** An encoder that has sent its first 1.6 s, of two keyframes' 2 s: who joins now gets everything. */
async function begin(): Promise<FedEncoder> {
  const encoder = await fedEncoder(source, `${rtmp}/the-key`)
  encoders.push(encoder)
  encoder.feed(1600)
  await untilSent(1400)
  return encoder
}

/** Resolves when the last session has a picture as late as that. */
async function untilSent(timestampMs: number): Promise<void> {
  await expect
    .poll(() => gate.sessions.at(-1)?.messages.findLast(({ type }) => type === 9)?.timestampMs)
    .toBeGreaterThanOrEqual(timestampMs)
}

const untilWatched = () => expect.poll(() => hub.snapshot()[0]?.viewers).toBe(1)

/** Plays to a file until the stream is over. */
function play(url: string, file: string): { done: Promise<number | null>; stderr: () => string } {
  const args = ['-hide_banner', '-v', 'error', '-nostdin', '-y', '-i', url, '-c', 'copy', '-f', 'flv', file]
  const child = spawn('ffmpeg', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return { done: once(child, 'exit').then(([code]) => code as number | null), stderr: () => stderr }
}

/** Codec names. */
async function streamsOf(url: string): Promise<string[]> {
  const args = ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', url]
  const { stdout } = await promisify(execFile)('ffprobe', args)
  return stdout.trim().split('\n')
}

describe.each([
  ['RTMP', () => `${rtmp}/channel`],
  ['HTTP-FLV', () => flv],
])('playing over %s', (_, url) => {
  it('gives every packet from the start to who is there at the start, and ends with the broadcast', async () => {
    const encoder = await begin()
    const file = path.join(dir, 'played.flv')
    const player = play(url(), file)
    await untilWatched()
    encoder.finish()
    expect(await encoder.done, encoder.stderr()).toBe(0)
    expect(await player.done, player.stderr()).toBe(0)
    expect(await streamHash(file, 'v')).toBe(await streamHash(source, 'v'))
    expect(await streamHash(file, 'a')).toBe(await streamHash(source, 'a'))
  })

  it('begins at the last keyframe for who joins in the middle', async () => {
    const encoder = await begin()
    // Keyframes every 2 s: after the second.
    encoder.feed(2800)
    await untilSent(2600)
    const file = path.join(dir, 'joined.flv')
    const player = play(url(), file)
    await untilWatched()
    encoder.finish()
    expect(await encoder.done, encoder.stderr()).toBe(0)
    expect(await player.done, player.stderr()).toBe(0)
    expect(await countPackets(file)).toBe(90)
  })
})

describe('playing over RTMP', () => {
  it('shows a picture and a sound and nothing else, also in the middle', async () => {
    const encoder = await begin()
    encoder.feed(2800)
    await untilSent(2600)
    const streams = streamsOf(`${rtmp}/channel`)
    await untilWatched()
    encoder.finish()
    expect(await streams).toEqual(['h264', 'aac'])
    expect(await encoder.done, encoder.stderr()).toBe(0)
  })

  it('says that a stream is not live', async () => {
    const player = play(`${rtmp}/nobody`, path.join(dir, 'none.flv'))
    expect(await player.done).not.toBe(0)
    expect(player.stderr()).toContain('This stream is not live.')
  })

  it('asks who may watch, by name', async () => {
    const player = play(`${rtmp}/private`, path.join(dir, 'private.flv'))
    expect(await player.done).not.toBe(0)
    expect(player.stderr()).toContain('may not be watched')
    expect(asked).toEqual(['private'])
  })

  it('never plays by stream key', async () => {
    await begin()
    const player = play(`${rtmp}/the-key`, path.join(dir, 'key.flv'))
    expect(await player.done).not.toBe(0)
  })

  it('goes on when the encoder is lost and comes back', async () => {
    const first = await begin()
    const file = path.join(dir, 'resumed.flv')
    const player = play(`${rtmp}/channel`, file)
    await untilWatched()
    first.feed(2800)
    await untilSent(2600)
    first.child.kill('SIGKILL')
    const lost = await gate.session(1)
    expect(await lost.closed).toBe('dropped')
    const second = await begin()
    second.finish()
    expect(await second.done, second.stderr()).toBe(0)
    expect(await player.done, player.stderr()).toBe(0)
    const relayed = lost.messages.filter(({ type, body }) => type === 9 && body[1] === 1).length
    expect(relayed).toBeGreaterThan(75)
    expect(await countPackets(file)).toBe(relayed + 150)
  })
})
