/** Players beside those of real-clients.test.ts, by RTMP and by HTTP-FLV: ffplay, mpv and VLC. What they show is compared with the source, picture by picture. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { streamFlv } from '../../src/ingest/flv-output.ts'
import { LiveHub } from '../../src/ingest/live-hub.ts'
import { RtmpServer } from '../../src/ingest/rtmp-server.ts'
import { listen } from '../../src/kernel/listen.ts'
import { makeLogger } from '../../src/kernel/logger.ts'
import { FakePublishGate } from '../support/fake-publish-gate.ts'
import { makeBroadcastSource, type Publisher, publish } from '../support/ffmpeg.ts'
import { type RunningProgram, requireProgram, runPlayer } from '../support/required-program.ts'
import { readShown, SHOW_PICTURES, SHOW_SOUND, type Shown, shownOf } from '../support/shown-frames.ts'

const AT_ONCE = 5
/** Keyframes every 2 s, 30 pictures and 47 sounds each second: in the second group of pictures. */
const IN_THE_MIDDLE = 210
const GROUP_FRAMES = 60

let dir: string
let source: string
let whole: Shown
let gate: FakePublishGate
let hub: LiveHub
let server: RtmpServer
let web: http.Server
let urls: { readonly publish: string; readonly RTMP: string; readonly 'HTTP-FLV': string }

beforeAll(async () => {
  for (const program of ['ffplay', 'mpv', 'cvlc'] as const) requireProgram(program)
  dir = mkdtempSync(path.join(tmpdir(), 'reprise-real-players-'))
  // VLC may run as somebody else.
  chmodSync(dir, 0o755)
  source = path.join(dir, 'source.flv')
  await makeBroadcastSource(source, { seconds: 5, size: '320x180' })
  whole = await shownOf(source)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
beforeEach(async () => {
  gate = new FakePublishGate({ 'the-key': 'channel' })
  hub = new LiveHub()
  const playGate = { mayPlay: () => Promise.resolve(true) }
  const logger = makeLogger('silent')
  server = new RtmpServer({ host: '127.0.0.1', port: 0, gate, playGate, hub, logger })
  const rtmp = `rtmp://127.0.0.1:${await server.listen()}/live`
  web = http.createServer((_, response) => {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    streamFlv(hub, 'channel', response, gone.signal).catch(() => response.writeHead(404).end())
  })
  await listen(web, { host: '127.0.0.1', port: 0, setting: 'PORT' })
  const { port } = web.address() as AddressInfo
  urls = {
    publish: `${rtmp}/the-key`,
    RTMP: `${rtmp}/channel`,
    'HTTP-FLV': `http://127.0.0.1:${port}/live/channel.flv`,
  }
})
afterEach(async () => {
  await server.close()
  hub.close()
  web.close()
})

interface Player {
  /** Pictures: ffplay leaves one out now and then when the machine is busy; VLC, told to save what it plays, loses the last ones. */
  readonly mayLose: number
  play(url: string): RunningProgram
  shown(output: string): Promise<Shown>
}

function home(name: string): string {
  const folder = path.join(dir, name)
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o777)
  return folder
}

const PLAYERS: Readonly<Record<string, Player>> = {
  ffplay: {
    mayLose: 2,
    play: (url) =>
      runPlayer(
        ...(['ffplay', home('ffplay'), '-hide_banner', '-autoexit', '-noframedrop'] as const),
        ...['-vf', SHOW_PICTURES, '-af', SHOW_SOUND, url],
      ),
    shown: async (output) => readShown(output),
  },
  mpv: {
    mayLose: 0,
    play: (url) =>
      runPlayer(
        ...(['mpv', home('mpv'), '--no-config', '--vo=null', '--ao=null', '--framedrop=no'] as const),
        ...['--msg-level=all=warn,ffmpeg=v', `--vf=lavfi=[${SHOW_PICTURES}]`, `--af=lavfi=[${SHOW_SOUND}]`],
        url,
      ),
    shown: async (output) => readShown(output),
  },
  VLC: {
    mayLose: 10,
    play: (url) => {
      const saved = path.join(home('vlc'), 'played.ts')
      rmSync(saved, { force: true })
      const save = `#std{access=file,mux=ts,dst=${saved}}`
      return runPlayer(
        'cvlc',
        home('vlc'),
        '--no-color',
        '--play-and-exit',
        '--sout',
        save,
        url,
        'vlc://quit',
      )
    },
    shown: () => shownOf(path.join(home('vlc'), 'played.ts')),
  },
}

/** Plays from after `messages` to the end of the broadcast. */
async function play(player: Player, url: string, messages: number): Promise<Shown> {
  const encoder: Publisher = publish(source, urls.publish)
  await (await gate.session()).received(messages)
  const program = player.play(url)
  expect(await encoder.done, encoder.stderr()).toBe(0)
  expect(await program.done, program.output()).toBe(0)
  return player.shown(program.output())
}

describe.each(['RTMP', 'HTTP-FLV'] as const)('by %s', (protocol) => {
  describe.each(Object.entries(PLAYERS))('%s', (_name, player) => {
    it.each([
      ['at the beginning', AT_ONCE, 0],
      ['in the middle', IN_THE_MIDDLE, GROUP_FRAMES],
    ])(
      'that joins %s begins at the last keyframe and plays everything after',
      async (_when, messages, earliest) => {
        const { pictures, sounds } = await play(player, urls[protocol], messages)
        const first = whole.pictures.indexOf(pictures[0] ?? '')
        expect(first % GROUP_FRAMES, 'it is a keyframe').toBe(0)
        // Later, when the player took its time to start.
        expect(first).toBeGreaterThanOrEqual(earliest)
        const expected = whole.pictures.slice(first)
        expect(pictures.length).toBeGreaterThanOrEqual(expected.length - player.mayLose)
        // In order, none twice, and none that was never sent.
        expect(expected.filter((picture) => pictures.includes(picture))).toEqual(pictures)
        const share = expected.length / whole.pictures.length
        expect(sounds).toBeGreaterThanOrEqual(Math.floor(whole.sounds * share) - 2 * player.mayLose - 4)
      },
    )
  })
})
