/**
 * A stand-in for the server, to look at the pages and to test the player without ingest, database
 * and encoder: the wire contract over made-up videos, and real HLS that grows as if it were live.
 * `node test/support/web/stand-in-server.ts [port]` runs it beside `npm run web`.
 */
import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { ServerEvent } from '../../../src/delivery/contract/events.ts'
import type { Video } from '../../../src/delivery/contract/videos.ts'
import {
  JOBS,
  KEYS,
  makeBroadcast,
  makeVideos,
  PERSON,
  rendition,
  TOKENS,
  video,
} from './stand-in-catalogue.ts'
import {
  makeStandInMedia,
  mediaPlaylist,
  multivariantPlaylist,
  STAND_IN_RENDITIONS,
  type StandInMedia,
} from './stand-in-media.ts'

const LIVE_ID = 'onair'
const DIST = path.resolve(import.meta.dirname, '../../../web/dist')
const TYPES: Record<string, string> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.html': 'text/html',
  '.jpg': 'image/jpeg',
  '.m3u8': 'application/vnd.apple.mpegurl',
}

export interface StandInServer {
  readonly address: string
  /** A broadcast of the stand-in media begins; `secondsAlready` of it are over. */
  goLive(secondsAlready: number): void
  /** It ends: the playlist gets its end, and 180p exists from now on. */
  endLive(): void
  change(id: string, part: Partial<Video>): void
  /** Refuses every connection, as while being restarted; `start` listens again on the same port. */
  stop(): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

export async function startStandInServer(
  options: { port?: number; seconds?: number; signedIn?: boolean } = {},
): Promise<StandInServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'reprise-stand-in-'))
  const media: StandInMedia = await makeStandInMedia(folder, options.seconds ?? 60)
  await promisify(execFile)('ffmpeg', [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    'gradients=size=640x360:c0=#0b6e57:c1=#e6c27a:n=2:duration=1',
    '-frames:v',
    '1',
    path.join(folder, 'poster.jpg'),
  ])
  const total = media.durations.reduce((sum, duration) => sum + duration, 0)
  const videos = makeVideos().map((item) =>
    item.id === 'replay' ? { ...item, durationSeconds: total } : item,
  )
  const streams = new Set<ServerResponse>()
  let signedIn = options.signedIn ?? true
  let live: { startedMs: number; ended: boolean } | undefined
  let broadcast = makeBroadcast('broadcast-1', LIVE_ID, 'Ada Live, on air')
  let port = options.port ?? 0

  const send = (event: ServerEvent) => {
    for (const stream of streams) stream.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  }
  const change = (id: string, part: Partial<Video>) => {
    const at = videos.findIndex((item) => item.id === id)
    const before = videos[at]
    if (before === undefined) throw new Error(`no video ${id}`)
    const changed = { ...before, ...part }
    videos[at] = changed
    send({ type: 'video', video: changed })
  }
  const json = (response: ServerResponse, body: unknown, status = 200) => {
    response
      .writeHead(status, { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json' })
      .end(JSON.stringify(body))
  }
  const problem = (response: ServerResponse, status: number, code: string, detail: string) =>
    json(response, { type: 'about:blank', title: code, status, code, detail }, status)
  const page = <T>(items: readonly T[], url: URL) => {
    const [from, limit] = [
      Number(url.searchParams.get('cursor') ?? 0),
      Number(url.searchParams.get('limit') ?? 24),
    ]
    return {
      items: items.slice(from, from + limit),
      nextCursor: from + limit < items.length ? String(from + limit) : null,
    }
  }

  async function api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const [, , , kind = '', id, action] = url.pathname.split('/')
    const body = async () =>
      JSON.parse((await read(request)).toString('utf8') || '{}') as Record<string, unknown>
    if (url.pathname === '/api/auth/sign-in/email') {
      const { password } = await body()
      if (password !== 'correct')
        return json(
          response,
          { code: 'INVALID_EMAIL_OR_PASSWORD', message: 'Invalid email or password' },
          401,
        )
      signedIn = true
      return json(response, { redirect: false })
    }
    if (url.pathname === '/api/auth/sign-out') {
      signedIn = false
      return json(response, { success: true })
    }
    if (kind === 'me')
      return signedIn ? json(response, PERSON) : problem(response, 401, 'not-signed-in', 'Please sign in.')
    if (kind === 'events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': here\n\n')
      streams.add(response)
      response.on('close', () => streams.delete(response))
      return
    }
    if (kind === 'videos' && id === undefined) {
      const q = url.searchParams.get('q')?.toLowerCase() ?? ''
      return json(
        response,
        page(
          videos.filter(({ title }) => title.toLowerCase().includes(q)),
          url,
        ),
      )
    }
    if (kind === 'videos') {
      const found = videos.find((item) => item.id === id)
      if (found === undefined || id === undefined)
        return problem(response, 404, 'video-not-found', 'There is no such video.')
      if (request.method === 'PATCH') change(id, (await body()) as Partial<Video>)
      if (request.method === 'DELETE') {
        videos.splice(videos.indexOf(found), 1)
        send({ type: 'video-deleted', videoId: id })
        return void response.writeHead(204).end()
      }
      return json(
        response,
        videos.find((item) => item.id === id),
      )
    }
    if (kind === 'broadcasts' && id === undefined)
      return json(
        response,
        page(live && broadcast.state === url.searchParams.get('state') ? [broadcast] : [], url),
      )
    if (kind === 'broadcasts' && action === 'end') {
      server.endLive()
      return json(response, broadcast)
    }
    if (kind === 'broadcasts')
      return live
        ? json(response, broadcast)
        : problem(response, 404, 'broadcast-not-found', 'There is no such broadcast.')
    if (kind === 'stream-keys' && request.method === 'GET')
      return json(response, { items: KEYS, server: 'rtmp://127.0.0.1:1935/live' })
    if (kind === 'stream-keys' && request.method === 'POST') {
      const label = String((await body()).label)
      KEYS.push({
        id: `key-${KEYS.length + 1}`,
        label,
        hint: '9aB2',
        createdAt: new Date().toISOString(),
        lastUsedAt: null,
      })
      return json(
        response,
        {
          id: `key-${KEYS.length}`,
          label,
          key: 'rk_made-up-9aB2',
          server: 'rtmp://127.0.0.1:1935/live',
          publishUrl: 'rtmp://127.0.0.1:1935/live/rk_made-up-9aB2',
        },
        201,
      )
    }
    if (kind === 'jobs' && id === undefined)
      return json(
        response,
        page(
          JOBS.filter(({ state }) =>
            [null, state].some((wanted) => wanted === url.searchParams.get('state')),
          ),
          url,
        ),
      )
    if (kind === 'api-tokens' && request.method === 'GET') return json(response, { items: TOKENS })
    if (kind === 'uploads') {
      const sent = await read(request)
      if (sent.includes('refuse-me'))
        return problem(
          response,
          422,
          'not-a-video',
          'This file is not a video, or is too damaged to be read.',
        )
      const made = video(`upload-${videos.length}`, {
        title: /name="title"\r\n\r\n([^\r]*)/.exec(sent.toString('latin1'))?.[1] ?? 'Upload',
        state: 'processing',
        progress: 3,
        playable: false,
        playback: { hls: null, poster: null, storyboard: null },
      })
      videos.unshift(made)
      return json(response, made, 201)
    }
    response.writeHead(204).end()
  }

  async function deliver(response: ServerResponse, url: URL): Promise<void> {
    const [, , , id = '', name = '', file = ''] = url.pathname.split('/')
    if (id === 'poster.jpg') return sendFile(response, path.join(folder, 'poster.jpg'))
    const state = id === LIVE_ID ? live : { startedMs: 0, ended: true }
    if (state === undefined) return void response.writeHead(404).end()
    const text = (body: string) =>
      response.writeHead(200, { 'content-type': TYPES['.m3u8'], 'cache-control': 'no-cache' }).end(body)
    if (name === 'master.m3u8')
      return void text(
        multivariantPlaylist(state.ended ? STAND_IN_RENDITIONS : STAND_IN_RENDITIONS.slice(0, 1)),
      )
    const init =
      file === 'index.m3u8'
        ? (/URI="([^"]+)"/.exec(await readFile(path.join(folder, name, 'index.m3u8'), 'utf8'))?.[1] ?? '')
        : ''
    if (file === 'index.m3u8')
      return void text(mediaPlaylist(media, init, (Date.now() - state.startedMs) / 1000, state.ended))
    return sendFile(response, path.join(folder, name, file))
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stand-in')
    if (url.pathname.startsWith('/api/')) return api(request, response, url)
    if (url.pathname.startsWith('/media/')) return deliver(response, url)
    const file = path.join(DIST, path.normalize(url.pathname))
    const known = path.extname(file) !== '' && (await stat(file).catch(() => undefined))
    return sendFile(response, known ? file : path.join(DIST, 'index.html'))
  }

  let http: Server | undefined
  const server: StandInServer = {
    get address() {
      return `http://127.0.0.1:${port}`
    },
    goLive(secondsAlready) {
      live = { startedMs: Date.now() - secondsAlready * 1000, ended: false }
      broadcast = { ...broadcast, startedAt: new Date(live.startedMs).toISOString() }
      videos.unshift(
        video(LIVE_ID, {
          origin: 'broadcast',
          title: broadcast.title,
          state: 'live',
          durationSeconds: null,
          broadcastId: broadcast.id,
          renditions: [rendition('original', 'encoding', 0)],
          publishedAt: broadcast.startedAt,
          playback: { hls: `/media/fake/${LIVE_ID}/master.m3u8`, poster: null, storyboard: null },
        }),
      )
      send({ type: 'broadcast', broadcast })
    },
    endLive() {
      if (live === undefined) return
      live.ended = true
      const gaps = [{ startSeconds: 12, seconds: 3, reason: 'the connection was lost' }]
      broadcast = {
        ...broadcast,
        state: 'ended',
        endedAt: new Date().toISOString(),
        health: null,
        gaps,
        sessions: broadcast.sessions.map((session) => ({
          ...session,
          endedAt: new Date().toISOString(),
          ending: 'unpublished' as const,
        })),
        verdict: {
          complete: false,
          receivedSeconds: total,
          recordedSeconds: total,
          gaps,
          summary: 'Everything that arrived is recorded. The connection was lost once, for 3 seconds.',
        },
      }
      change(LIVE_ID, {
        state: 'processing',
        durationSeconds: total,
        progress: 30,
        renditions: [rendition('original', 'ready', 100), rendition('180p', 'encoding', 30)],
      })
      send({ type: 'broadcast', broadcast })
    },
    change,
    async stop() {
      for (const stream of streams) stream.destroy()
      http?.closeAllConnections()
      await new Promise((resolve) => http?.close(resolve))
    },
    async start() {
      if (http?.listening) return
      const listening = createServer((request, response) => {
        answer(request, response).catch((error: unknown) => response.destroy(error as Error))
      })
      http = listening
      await new Promise<void>((resolve) => listening.listen(port, '127.0.0.1', resolve))
      port = (listening.address() as AddressInfo).port
    },
    async close() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}

async function sendFile(response: ServerResponse, file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined)
  if (found === undefined) return void response.writeHead(404).end()
  response.writeHead(200, {
    'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream',
    'content-length': found.size,
  })
  createReadStream(file).pipe(response)
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

if (import.meta.main) {
  const server = await startStandInServer({ port: Number(process.argv[2] ?? 8080), seconds: 600 })
  server.goLive(30)
  console.log(`The stand-in server listens on ${server.address}`)
  process.once('SIGINT', () => void server.close())
}
