/** Real encoders with real faults: what the creator of the broadcast is told. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RtmpServer } from '../../../src/ingest/rtmp-server.ts'
import { judgeHealth, type StreamHealth } from '../../../src/library/broadcasts/stream-health.ts'
import { FakePublishGate } from '../../support/fake-publish-gate.ts'
import { ffmpeg, type Publisher, publish, runFfmpeg } from '../../support/ffmpeg.ts'
import { makeRtmpServer } from '../../support/rtmp/test-server.ts'
import { RtmpClient } from '../../support/rtmp-client.ts'

const NAMES = ['well', 'long-gop', 'slow', 'silent', 'stalled', 'skewed', 'pinged']
const SOUND = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=30']

/** However busy the machine is, they go on for as long as the tests take. */
const LOOPED = ['-stream_loop', '5']

let dir: string
let server: RtmpServer
let url: string
const encoders: Publisher[] = []
let stalled: Publisher

const picture = (rate: number) => ['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=${rate}:duration=30`]
const encoded = (gop: number) => [
  '-c:v',
  'libx264',
  '-preset',
  'ultrafast',
  '-g',
  String(gop),
  '-keyint_min',
  String(gop),
]
const make = (name: string, ...args: readonly string[]) =>
  ffmpeg(...args, '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-f', 'flv', path.join(dir, `${name}.flv`))

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'reprise-health-'))
  await Promise.all([
    make('well', ...picture(25), ...SOUND, ...encoded(50)),
    make('long-gop', ...picture(25), ...SOUND, ...encoded(1000), '-sc_threshold', '0'),
    make('slow', ...picture(6), ...SOUND, ...encoded(12)),
    make('silent', ...picture(25), ...encoded(50)),
  ])
  server = makeRtmpServer({
    gate: new FakePublishGate(Object.fromEntries(NAMES.map((name) => [name, name]))),
  })
  url = `rtmp://127.0.0.1:${await server.listen()}/live`
  for (const name of ['well', 'long-gop', 'slow', 'silent'])
    encoders.push(publish(path.join(dir, `${name}.flv`), `${url}/${name}`, ...LOOPED))
  const well = path.join(dir, 'well.flv')
  stalled = publish(well, `${url}/stalled`, ...LOOPED)
  // A muxer puts packets in order of time: only when it may not wait does the offset reach the wire.
  const offset = ['-bsf:a', 'setts=ts=TS+1500', '-max_interleave_delta', '1']
  encoders.push(
    stalled,
    runFfmpeg('-re', ...LOOPED, '-i', well, '-c', 'copy', ...offset, '-f', 'flv', `${url}/skewed`),
  )
})
afterAll(async () => {
  for (const { child } of encoders) child.kill('SIGKILL')
  await Promise.all(encoders.map(({ done }) => done))
  await server.close()
  rmSync(dir, { recursive: true, force: true })
})

function healthOf(name: string): StreamHealth | undefined {
  const found = server.snapshot().connections.find(({ streamName }) => streamName === name)
  return found && judgeHealth(found, undefined)
}
const warningsOf = (name: string) => healthOf(name)?.warnings ?? []

describe('the creator is told', () => {
  it('of keyframes that are far apart, while the second has not come yet', async () => {
    await expect
      .poll(() => warningsOf('long-gop'))
      .toContainEqual(expect.stringMatching(/^Keyframes every \d.* set the keyframe interval to 2 s \(OBS:/))
  })

  it('of few frames', async () => {
    await expect
      .poll(() => warningsOf('slow'))
      .toContainEqual(expect.stringContaining('frames a second arrive, and motion looks jerky'))
  })

  it('of a missing sound', async () => {
    await expect.poll(() => warningsOf('silent')).toContainEqual(expect.stringContaining('No sound arrives'))
  })

  it('of sound whose timestamps are ahead of the picture', async () => {
    await expect
      .poll(() => warningsOf('skewed'))
      .toContainEqual(expect.stringMatching(/^The sound is 1\.\d s ahead of the picture/))
  })

  it('of an encoder that stands still, and afterwards that what came was late', async () => {
    await expect.poll(() => healthOf('stalled')?.pace).toBeGreaterThan(0.5)
    stalled.child.kill('SIGSTOP')
    await expect
      .poll(() => warningsOf('stalled'))
      .toEqual([expect.stringMatching(/^Nothing arrives for \d+ s: the connection may be lost/)])
    stalled.child.kill('SIGCONT')
    await expect.poll(() => healthOf('stalled')?.lateFrames).toBeGreaterThan(20)
  })
})

it('says of an encoder what it sends', async () => {
  await expect.poll(() => healthOf('well')?.pace).toBeGreaterThan(0.5)
  expect(healthOf('well')).toMatchObject({
    encoder: expect.stringMatching(/^Lavf/),
    videoCodec: expect.stringMatching(/^avc1\./),
    width: 320,
    height: 180,
    audioCodec: 'mp4a.40.2',
    sampleRate: 48_000,
    channels: 1,
    frameRate: 25,
    announcedFrameRate: 25,
    keyframeSeconds: 2,
    missingFrames: 0,
  })
})

it('measures the round trip of an encoder that answers pings', async () => {
  const client = await RtmpClient.connected(Number(new URL(url).port))
  client.command(1, 'publish', 3, null, 'pinged', 'live')
  const { body } = await client.answer(({ type, body }) => type === 4 && body.readUInt16BE() === 6)
  expect(healthOf('pinged')?.roundTripMs).toBeNull()
  client.send({
    csid: 2,
    type: 4,
    timestampMs: 0,
    streamId: 0,
    body: Buffer.concat([Buffer.of(0, 7), body.subarray(2)]),
  })
  await expect.poll(() => healthOf('pinged')?.roundTripMs).toBeGreaterThanOrEqual(0)
  client.close()
})
