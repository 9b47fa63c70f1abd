/** Encoders and players beside ffmpeg: what GStreamer publishes, and what GStreamer and rtmpdump play. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { RtmpServer } from '../../src/ingest/rtmp-server.ts'
import { FakePublishGate, REFUSAL } from '../support/fake-publish-gate.ts'
import { countPackets, makeBroadcastSource, publish, streamHash } from '../support/ffmpeg.ts'
import { requireProgram, runProgram } from '../support/required-program.ts'
import { makeRtmpServer } from '../support/rtmp/test-server.ts'

const FRAMES = 90
let dir: string
let source: string
let gate: FakePublishGate
let server: RtmpServer
let url: string

beforeAll(async () => {
  requireProgram('gst-launch-1.0')
  requireProgram('rtmpdump')
  dir = mkdtempSync(path.join(tmpdir(), 'reprise-clients-'))
  source = path.join(dir, 'source.flv')
  await makeBroadcastSource(source, { seconds: 5, size: '320x180' })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
beforeEach(async () => {
  gate = new FakePublishGate({ 'the-key': 'channel' })
  server = makeRtmpServer({
    gate,
  })
  url = `rtmp://127.0.0.1:${await server.listen()}/live`
})
afterEach(() => server.close())

function gstreamerPublishes(key: string) {
  const pipeline = [
    `videotestsrc num-buffers=${FRAMES} is-live=true ! video/x-raw,width=320,height=180,framerate=30/1`,
    '! x264enc key-int-max=30 tune=zerolatency ! mux.',
    `audiotestsrc num-buffers=${(FRAMES / 30) * 44} is-live=true ! audio/x-raw,rate=44100,channels=2`,
    '! voaacenc ! aacparse ! mux.',
    `flvmux streamable=true name=mux ! rtmp2sink location=${url}/${key}`,
  ]
  return runProgram('gst-launch-1.0', ...pipeline.join(' ').split(' '))
}

it('GStreamer publishes: every picture is recorded, and its end is a goodbye', async () => {
  const encoder = gstreamerPublishes('the-key')
  expect(await encoder.done, encoder.output()).toBe(0)
  const session = await gate.session()
  expect(await session.closed).toBe('unpublished')
  const file = path.join(dir, 'gstreamer.flv')
  writeFileSync(file, session.flv())
  expect(await countPackets(file)).toBe(FRAMES)
  expect(await countPackets(file, 'a:0')).toBeGreaterThan(100)
})

it('GStreamer is refused in words', async () => {
  const encoder = gstreamerPublishes('a-wrong-key')
  expect(await encoder.done).not.toBe(0)
  expect(encoder.output()).toContain(REFUSAL)
})

it('GStreamer that is discarded after the end sends on, and its next publish is new', async () => {
  const encoder = gstreamerPublishes('the-key')
  const session = await gate.session()
  await session.received(10)
  await session.endByCreator()
  expect(await encoder.done, encoder.output()).toBe(0)
  expect(gate.sessions.length).toBe(1)
  expect(await gstreamerPublishes('the-key').done).toBe(0)
  expect(gate.sessions.length).toBe(2)
})

it.each([
  [
    'GStreamer',
    (file: string) =>
      runProgram(
        'gst-launch-1.0',
        'rtmp2src',
        `location=${url}/channel`,
        '!',
        'filesink',
        `location=${file}`,
      ),
  ],
  ['rtmpdump', (file: string) => runProgram('rtmpdump', '--live', '-r', `${url}/channel`, '-o', file)],
])('%s plays every packet from the start to the end of the broadcast', async (name, play) => {
  const encoder = publish(source, `${url}/the-key`)
  await (await gate.session()).received(5)
  const file = path.join(dir, `${name}.flv`)
  const player = play(file)
  expect(await encoder.done).toBe(0)
  await player.done
  expect(await countPackets(file), player.output()).toBe(150)
  expect(await streamHash(file, 'v')).toBe(await streamHash(source, 'v'))
  expect(await streamHash(file, 'a')).toBe(await streamHash(source, 'a'))
})
