/**
 * Sessions of a real encoder that speaks Enhanced RTMP (FFmpeg 8.1, captured), against the server and the recorder:
 * recorded tag for tag as the encoder's own muxer writes a file, and the default track played by programs of old.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeFileHeader } from '../../../src/formats/flv/file-header.ts'
import { readStanding } from '../../../src/formats/flv/standing-message.ts'
import { SCRIPT_TAG } from '../../../src/formats/flv/tag-header.ts'
import { FLV_FORMAT } from '../../../src/ingest/live-format.ts'
import { LiveHub } from '../../../src/ingest/live-hub.ts'
import type { BroadcastId, SessionId } from '../../../src/kernel/ids.ts'
import { makeStoragePaths } from '../../../src/media/layout.ts'
import { LogPackets } from '../../../src/packaging/log-packets.ts'
import { type LogTag, readLog } from '../../../src/recording/log-reader.ts'
import { Recorder } from '../../../src/recording/recorder.ts'
import { FakePublishGate, type FakeSession } from '../../support/fake-publish-gate.ts'
import { countPackets, ffmpeg } from '../../support/ffmpeg.ts'
import { makeRtmpServer } from '../../support/rtmp/test-server.ts'

const FIXTURES = path.join(import.meta.dirname, '../../fixtures/enhanced-sessions')
const EXPECTED: Record<string, { tags: number; sha256: string }> = JSON.parse(
  readFileSync(path.join(FIXTURES, 'expected.json'), 'utf8'),
)

interface Heard {
  readonly session: FakeSession
  /** What a viewer over HTTP gets who was there from the start. */
  readonly flv: Buffer
}

const heard = new Map<string, Heard>()
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'reprise-enhanced-'))
  for (const name of Object.keys(EXPECTED)) heard.set(name, await hear(name))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function hear(name: string): Promise<Heard> {
  const gate = new FakePublishGate({ 'the-key': 'channel' })
  const hub = new LiveHub()
  const server = makeRtmpServer({
    gate,
    hub,
  })
  const flv = [encodeFileHeader()]
  const sink = new Writable({
    write: (bytes: Buffer, _, done) => {
      flv.push(bytes)
      done()
    },
  })
  // The viewer waits where the encoder comes back to.
  hub.open('channel').close('dropped')
  hub.join('channel', { format: FLV_FORMAT, sink, onEnd: () => sink.end() })
  const socket = net.connect(await server.listen(), '127.0.0.1')
  socket.resume()
  socket.write(readFileSync(path.join(FIXTURES, `${name}.bin`)))
  const session = await gate.session()
  expect(await session.closed).toBe('unpublished')
  await finished(sink)
  socket.destroy()
  await server.close()
  return { session, flv: Buffer.concat(flv) }
}

function of(name: string): Heard {
  const known = heard.get(name)
  if (!known) throw new Error(`no session ${name}`)
  return known
}

/** As the recorder leaves it, all parts. */
async function record(name: string): Promise<LogTag[]> {
  const paths = makeStoragePaths(mkdtempSync(path.join(folder, `${name}-`)))
  const recorder = new Recorder({ paths, ledger: { partOpened: () => {}, partClosed: () => {} } })
  const log = await recorder.openSession({
    broadcastId: 'b' as BroadcastId,
    sessionId: 's' as SessionId,
    firstPart: 0,
  })
  for (const { type, timestampMs, body } of of(name).session.messages)
    log.write({ type, timestampMs, parts: [body], byteLength: body.byteLength })
  await log.close()
  const parts = path.join(paths.recordings, 'b')
  expect(readdirSync(parts).filter((file) => file.endsWith('.flv'))).toEqual(['0.flv'])
  const tags: LogTag[] = []
  for await (const batch of readLog(path.join(parts, '0.flv'))) tags.push(...batch)
  return tags
}

describe.each(Object.entries(EXPECTED))('%s', (name, { tags, sha256 }) => {
  it('is recorded tag for tag (pain 46)', async () => {
    const media = (await record(name)).filter(({ type }) => type !== SCRIPT_TAG)
    const lines = media.map(
      ({ type, timestampMs, body }) =>
        `${type}@${timestampMs}:${createHash('sha256').update(body).digest('hex')}`,
    )
    expect(lines.length).toBe(tags)
    expect(createHash('sha256').update(lines.join('\n')).digest('hex')).toBe(sha256)
  })
})

describe('what stands for all that follows', () => {
  it.each([
    ['hevc-eac3', ['video configuration 0', 'audio configuration 0', 'audio channels 0', 'video colours 0']],
    ['av1-opus', ['video configuration 0', 'audio configuration 0', 'audio channels 0', 'video colours 0']],
    [
      'tracks-mixed',
      [
        'video configuration 0',
        'video configuration 1',
        'video configuration 2',
        'audio configuration 0',
        'audio channels 0',
        'audio configuration 1',
        'audio channels 1',
        'audio configuration 2',
        'audio channels 2',
      ],
    ],
  ])('is known of every track: %s', (name, keys) => {
    const { messages } = of(name).session
    const found = messages.flatMap(({ type, body }) => readStanding(type, body)?.key ?? [])
    expect([...new Set(found)].filter((key) => keys.includes(key)).sort()).toEqual(keys.toSorted())
  })
})

describe('what is played', () => {
  it('over HTTP is the default track alone, which ffmpeg 5 understands', async () => {
    const file = path.join(folder, 'plain.flv')
    writeFileSync(file, of('tracks-avc-aac').flv)
    expect(await countPackets(file, 'v')).toBe(12)
    expect(await countPackets(file, 'a')).toBeGreaterThan(50)
    const described = await ffmpeg('-i', file, '-map', '0', '-c', 'copy', '-f', 'streamhash', '-')
    expect(
      described
        .trim()
        .split('\n')
        .map((line) => line.slice(0, 3)),
    ).toEqual(['0,v', '1,a'])
  })

  it.each([
    ['hevc-eac3', 'hevc', 12, 'eac3'],
    ['av1-opus', 'av1', 12, 'opus'],
    ['vp9-flac', 'vp9', 12, 'flac'],
    ['avc-mp3', 'avc', 12, 'mp3'],
    ['tracks-avc-aac', 'avc', 12, undefined],
    ['tracks-mixed', 'hevc', 12, 'opus'],
  ])(
    'as a replay is the default track, its sound carried to the encoder where browsers do not play it: %s',
    async (name, codec, pictures, carried) => {
      const left: string[] = []
      const packets = new LogPackets({ onLeftOut: ({ codec: of }) => left.push(of) })
      const made = (await record(name)).flatMap((tag) => packets.push(tag, 0))
      const all = [...made, ...packets.flush()]
      const video = all.filter(({ kind }) => kind === 'video')
      expect(video.length).toBe(pictures)
      expect(new Set(video.map(({ track }) => ('codec' in track.track ? track.track.codec : '')))).toEqual(
        new Set([codec]),
      )
      expect(left).toEqual([])
      const sound = all.filter((packet) => packet.kind === 'audio')
      expect(sound.length).toBeGreaterThan(10)
      expect(new Set(sound.map(({ track }) => track.track.carried?.codec))).toEqual(new Set([carried]))
    },
  )
})
