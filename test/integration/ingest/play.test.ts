/** Real players on the live outputs, fed by a real encoder. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { streamFlv } from '../../../src/ingest/flv-output.ts'
import { LiveHub } from '../../../src/ingest/live-hub.ts'
import { RtmpServer } from '../../../src/ingest/rtmp-server.ts'
import { makeLogger } from '../../../src/kernel/logger.ts'
import { FakePublishGate } from '../../support/fake-publish-gate.ts'
import { countPackets, makeBroadcastSource, publish, streamHash } from '../../support/ffmpeg.ts'

let dir: string
let source: string
let gate: FakePublishGate
let hub: LiveHub
let server: RtmpServer
let web: http.Server
let rtmp: string
let flv: string
const asked: string[] = []

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'reprise-play-'))
  source = path.join(dir, 'source.flv')
  await makeBroadcastSource(source, { seconds: 5, size: '320x180' })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
beforeEach(async () => {
  gate = new FakePublishGate({ 'the-key': 'channel' })
  hub = new LiveHub()
  asked.length = 0
  const playGate = {
    mayPlay: (name: string) => {
      asked.push(name)
      return Promise.resolve(name !== 'private')
    },
  }
  const logger = makeLogger('silent')
  const limits = { sweepMs: 50, playWaitMs: 300 }
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
  await server.close()
  hub.close()
  web.close()
})

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
    const encoder = publish(source, `${rtmp}/the-key`)
    await (await gate.session()).received(5)
    const file = path.join(dir, 'played.flv')
    const player = play(url(), file)
    await encoder.done
    expect(await player.done, player.stderr()).toBe(0)
    expect(await streamHash(file, 'v')).toBe(await streamHash(source, 'v'))
    expect(await streamHash(file, 'a')).toBe(await streamHash(source, 'a'))
  })

  it('begins at the last keyframe for who joins in the middle', async () => {
    const encoder = publish(source, `${rtmp}/the-key`)
    // Keyframes every 2 s and 30 frames and 47 audio frames each second: after the second keyframe.
    await (await gate.session()).received(210)
    const file = path.join(dir, 'joined.flv')
    const player = play(url(), file)
    await encoder.done
    expect(await player.done, player.stderr()).toBe(0)
    expect(await countPackets(file)).toBe(90)
  })
})

describe('playing over RTMP', () => {
  it('shows a picture and a sound and nothing else, also in the middle', async () => {
    const encoder = publish(source, `${rtmp}/the-key`)
    await (await gate.session()).received(210)
    expect(await streamsOf(`${rtmp}/channel`)).toEqual(['h264', 'aac'])
    await encoder.done
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
    const encoder = publish(source, `${rtmp}/the-key`)
    await (await gate.session()).received(50)
    const player = play(`${rtmp}/the-key`, path.join(dir, 'key.flv'))
    expect(await player.done).not.toBe(0)
    encoder.child.kill()
    await encoder.done
  })

  it('goes on when the encoder is lost and comes back', async () => {
    const first = publish(source, `${rtmp}/the-key`)
    await (await gate.session(1)).received(100)
    const file = path.join(dir, 'resumed.flv')
    const player = play(`${rtmp}/channel`, file)
    await (await gate.session(1)).received(200)
    first.child.kill('SIGKILL')
    await (await gate.session(1)).closed
    const second = publish(source, `${rtmp}/the-key`)
    await second.done
    expect(await player.done, player.stderr()).toBe(0)
    expect(await countPackets(file)).toBeGreaterThan(150 + 60)
    expect(statSync(file).size).toBeGreaterThan(0)
  })
})
