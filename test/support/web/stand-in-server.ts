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
import type { Video } from '../../../src/delivery/contract/videos.ts'
import { answerApi } from './stand-in-api.ts'
import {
  makeStandInMedia,
  mediaPlaylist,
  multivariantPlaylist,
  STAND_IN_RENDITIONS,
  type StandInMedia,
} from './stand-in-media.ts'
import { LIVE_ID, makeStandInWorld } from './stand-in-world.ts'

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
  options: { port?: number; seconds?: number } = {},
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
  const world = makeStandInWorld(total)
  let port = options.port ?? 0

  async function deliver(response: ServerResponse, url: URL): Promise<void> {
    const [, , , id = '', name = '', file = ''] = url.pathname.split('/')
    if (id === 'poster.jpg') return sendFile(response, path.join(folder, 'poster.jpg'))
    const state = id === LIVE_ID ? world.live() : { startedMs: 0, ended: true }
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
    if (url.pathname.startsWith('/api/')) return answerApi(world, request, response, url)
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
    goLive: world.goLive,
    endLive: world.endLive,
    change: world.change,
    async stop() {
      for (const stream of world.streams) stream.destroy()
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

if (import.meta.main) {
  const server = await startStandInServer({ port: Number(process.argv[2] ?? 8080), seconds: 600 })
  server.goLive(30)
  console.log(`The stand-in server listens on ${server.address}`)
  process.once('SIGINT', () => void server.close())
}
