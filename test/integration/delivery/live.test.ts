/** Live by HTTP and WebSocket: who may watch, from where, how many, and how it begins and ends. */
import { once } from 'node:events'
import net from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { streamFlv } from '../../../src/ingest/flv-output.ts'
import { LiveHub, type LivePublication } from '../../../src/ingest/live-hub.ts'
import {
  jsonOf,
  MAX_LIVE_VIEWERS,
  startTestSite,
  type TestPerson,
  type TestSite,
} from '../../support/delivery.ts'
import { flvFrames, LiveEncoder } from '../../support/live-encoder.ts'

const FROM_ELSEWHERE = { origin: 'https://elsewhere.example' }
let site: TestSite
let owner: TestPerson
let id: string
let hub: LiveHub
let publication: LivePublication
let encoder: LiveEncoder
const opened: Watching[] = []

beforeAll(async () => {
  site = await startTestSite()
  owner = await site.person('creator', 'On Air')
  id = await site.video(owner, { origin: 'broadcast', state: 'live' })
})
afterAll(() => site[Symbol.asyncDispose]())
beforeEach(async () => {
  hub = new LiveHub()
  publication = hub.open('on-air')
  encoder = new LiveEncoder((message) => publication.write(message))
  encoder.begin()
  encoder.group(5)
  site.parts.streamFlv = (name, out, signal) => streamFlv(hub, name, out, signal)
  site.parts.isStreaming = (name) => hub.isLive(name)
  await set({ state: 'live', visibility: 'public' })
})
afterEach(async () => {
  hub.close()
  for (const { socket } of opened) socket.terminate()
  await Promise.all(opened.splice(0).map(({ closed }) => closed))
})

function set(data: { state?: 'live' | 'ready'; visibility?: 'public' | 'private' }) {
  return site.database.prisma.video.update({ where: { id }, data })
}

interface Watching {
  readonly socket: WebSocket
  readonly frames: () => string[]
  /** The first bytes are there. */
  readonly begun: Promise<void>
  readonly closed: Promise<number>
}

function watch(path = '/live/on-air.flv', headers: Record<string, string> = {}): Watching {
  const socket = new WebSocket(`${site.base.replace('http', 'ws')}${path}`, { headers })
  let flv = Buffer.alloc(0)
  socket.on('message', (data: Buffer, isBinary) => {
    expect(isBinary).toBe(true)
    flv = Buffer.concat([flv, data])
  })
  socket.on('error', () => {})
  const watching = {
    socket,
    frames: () => flvFrames(flv),
    begun: new Promise<void>((resolve) => socket.once('message', () => resolve())),
    closed: new Promise<number>((resolve) => socket.once('close', resolve)),
  }
  opened.push(watching)
  return watching
}

/** Status and body of a handshake that is answered with no. */
function refusal(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; type: string | undefined; body: { code: string; detail: string } }> {
  const { socket } = watch(path, headers)
  return new Promise((resolve, reject) => {
    socket.on('open', () => reject(new Error('it was let in')))
    socket.on('unexpected-response', (_request, response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (more: string) => {
        text += more
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'],
          body: JSON.parse(text),
        }),
      )
    })
  })
}

const BEGINNING = ['metadata', 'video header', 'audio header', 'keyframe', 'sound', 'frame', 'sound']

describe('by the channel’s name', () => {
  it('m3u8 leads to the growing playlist, while it is on air', async () => {
    const to = await site.fetch('/live/on-air.m3u8')
    expect([to.status, to.headers.get('location')]).toEqual([
      302,
      expect.stringMatching(new RegExp(`^/media/.*/${id}/master.m3u8\\?start=live$`)),
    ])
    await set({ state: 'ready' })
    expect((await site.fetch('/live/on-air.m3u8')).status).toBe(404)
  })

  it('flv streams over HTTP from the last keyframe, until the broadcast ends', async () => {
    const response = await site.fetch('/live/on-air.flv')
    expect(response.headers.get('content-type')).toBe('video/x-flv')
    encoder.group(1)
    publication.close('unpublished')
    const frames = flvFrames(Buffer.from(await response.arrayBuffer()))
    expect(frames.slice(0, BEGINNING.length)).toEqual(BEGINNING)
    expect(frames.filter((name) => name === 'keyframe').length).toBe(2)
  })

  it('flv streams over WebSocket from the last keyframe, until the broadcast ends', async () => {
    const { begun, frames, closed } = watch()
    await begun
    encoder.group(1)
    publication.close('unpublished')
    expect(await closed).toBe(1000)
    expect(frames().slice(0, BEGINNING.length)).toEqual(BEGINNING)
    expect(frames().filter((name) => name === 'keyframe').length).toBe(2)
  })

  it('HEAD asks without watching', async () => {
    const response = await site.fetch('/live/on-air.flv', { method: 'HEAD' })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'video/x-flv'])
    expect(hub.snapshot()).toMatchObject([{ viewers: 0 }])
  })
})

describe('who may not watch', () => {
  it('is told so by HTTP, also before a WebSocket', async () => {
    expect((await site.fetch('/live/nobody.flv')).status).toBe(404)
    expect(await refusal('/live/nobody.flv')).toMatchObject({
      status: 404,
      type: 'application/problem+json; charset=utf-8',
      body: { code: 'not-found', detail: 'This channel is not on air.' },
    })
    await set({ visibility: 'private' })
    expect((await site.fetch('/live/on-air.flv')).status).toBe(404)
    expect((await refusal('/live/on-air.flv')).status).toBe(404)
    expect((await site.fetch('/live/on-air.m3u8')).status).toBe(404)
    const bad = { authorization: 'Bearer rpt_nobody' }
    expect(await refusal('/live/on-air.flv', bad)).toMatchObject({
      status: 401,
      body: { code: 'sign-in-required' },
    })
  })

  it('is not its owner', async () => {
    await set({ visibility: 'private' })
    const { frames } = watch('/live/on-air.flv?from=player', owner.auth)
    await expect.poll(frames).toContain('keyframe')
    const response = await site.fetch('/live/on-air.flv', { as: owner })
    expect(response.status).toBe(200)
    await response.body?.cancel()
  })

  it('hears that the encoder is gone', async () => {
    publication.close('unpublished')
    expect(await refusal('/live/on-air.flv')).toMatchObject({
      status: 404,
      body: { detail: 'This stream is not live.' },
    })
    const response = await site.fetch('/live/on-air.flv')
    expect([response.status, (await jsonOf(response)).detail]).toEqual([404, 'This stream is not live.'])
  })

  it('is one too many from one address, until another leaves', async () => {
    const watching = Array.from({ length: MAX_LIVE_VIEWERS }, () => watch())
    await Promise.all(watching.map(({ begun }) => begun))
    expect(await refusal('/live/on-air.flv')).toMatchObject({
      status: 429,
      body: { code: 'too-many-requests' },
    })
    expect((await site.fetch('/live/on-air.flv')).status).toBe(429)
    watching[0]?.socket.terminate()
    await expect.poll(() => hub.snapshot()[0]?.viewers).toBe(MAX_LIVE_VIEWERS - 1)
    await expect
      .poll(async () => {
        const response = await site.fetch('/live/on-air.flv')
        await response.body?.cancel()
        return response.status
      })
      .toBe(200)
  })
})

describe('players on other sites', () => {
  it('may load what everybody may watch', async () => {
    for (const path of ['/live/on-air.flv', '/live/on-air.m3u8', '/live/nobody.flv']) {
      const response = await site.fetch(path, { method: 'HEAD', headers: FROM_ELSEWHERE })
      expect(response.headers.get('access-control-allow-origin'), path).toBe('*')
      expect(response.headers.get('cross-origin-resource-policy'), path).toBe('cross-origin')
    }
    const asked = { ...FROM_ELSEWHERE, 'access-control-request-headers': 'range' }
    const preflight = await site.fetch('/live/on-air.flv', { method: 'OPTIONS', headers: asked })
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      expect.stringContaining('Range'),
    ])
    const { frames } = watch('/live/on-air.flv', FROM_ELSEWHERE)
    await expect.poll(frames).toContain('keyframe')
  })

  it('do not watch with the cookies of a visitor of theirs', async () => {
    await set({ visibility: 'private' })
    const { headers } = await site.fetch('/api/auth/sign-in/email', {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: site.base },
      body: JSON.stringify({ email: owner.email, password: 'correct horse battery' }),
    })
    const cookie = headers
      .getSetCookie()
      .map((set) => set.split(';')[0])
      .join('; ')
    await watch('/live/on-air.flv', { cookie, origin: site.base }).begun
    expect((await refusal('/live/on-air.flv', { cookie, ...FROM_ELSEWHERE })).status).toBe(404)
  })
})

describe('a WebSocket', () => {
  it('that talks is closed, and nobody else notices', async () => {
    const other = watch()
    const { socket, begun, closed } = watch()
    await Promise.all([begun, other.begun])
    socket.send(Buffer.alloc(100_000))
    expect(await closed).toBe(1009)
    await expect.poll(() => hub.snapshot()[0]?.viewers).toBe(1)
    encoder.group(3)
    await expect
      .poll(() => other.frames().filter((name) => name === 'keyframe').length)
      .toBeGreaterThanOrEqual(2)
  })

  it.each([
    ['no key', ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'], '400'],
    [
      'an old version',
      [
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Version: 7',
        `Sec-WebSocket-Key: ${'A'.repeat(22)}==`,
      ],
      '400',
    ],
  ])('with %s is refused and takes no place', async (_what, headers, status) => {
    expect((await answerTo('/live/on-air.flv', headers)).split(' ')[1]).toBe(status)
    expect(hub.snapshot()).toMatchObject([{ viewers: 0 }])
  })

  it('anywhere else, and any other upgrade, is an ordinary request', async () => {
    const websocket = ['Upgrade: websocket', 'Connection: Upgrade, close']
    expect(await answerTo('/healthz', websocket)).toMatch(/^HTTP\/1.1 200/)
    const http2 = [
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQAAP__',
      'Connection: Upgrade, HTTP2-Settings, close',
    ]
    expect(await answerTo('/live/nobody.flv', http2)).toMatch(/^HTTP\/1.1 404/)
  })
})

/** The whole answer, until the server ends it. */
async function answerTo(path: string, headers: readonly string[]): Promise<string> {
  const socket = net.connect(Number(new URL(site.base).port), '127.0.0.1')
  socket.write([`GET ${path} HTTP/1.1`, 'Host: site.example', ...headers, '', ''].join('\r\n'))
  return Buffer.concat(await socket.toArray()).toString()
}

it('ends for everybody when the program stops', async () => {
  const stopping = await startTestSite()
  try {
    const as = await stopping.person('creator', 'On Air')
    await stopping.video(as, { origin: 'broadcast', state: 'live' })
    stopping.parts.streamFlv = (name, out, signal) => streamFlv(hub, name, out, signal)
    const response = await stopping.fetch('/live/on-air.flv')
    const socket = new WebSocket(`${stopping.base.replace('http', 'ws')}/live/on-air.flv`)
    await once(socket, 'message')
    const closed = once(socket, 'close')
    const [bytes] = await Promise.all([response.arrayBuffer(), stopping.delivery.endStreams()])
    expect(flvFrames(Buffer.from(bytes))).toContain('keyframe')
    expect((await closed)[0]).toBe(1001)
  } finally {
    await stopping[Symbol.asyncDispose]()
  }
})
