/** The HTTP server: listens, and closes without cutting off what is under way. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { listen } from '../kernel/listen.ts'

export interface WebServer extends AsyncDisposable {
  /** As bound: also right when port 0 was asked for. */
  readonly port: number
}

/** Who takes connections over from HTTP. */
export interface Upgrades {
  /** False: the request is answered as if it had not asked for an upgrade. */
  isFor(req: IncomingMessage): boolean
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void
}

export interface WebServerOptions {
  readonly host: string
  readonly port: number
  /** Without, nobody asks for one with success. */
  readonly upgrades?: Upgrades
  /** Called when closing begins: ends what would never end by itself, such as event streams. */
  readonly endStreams: () => Promise<void>
}

/** What is under way is given this long, then cut off. */
const CLOSE_TIMEOUT_MS = 5000
/** Longer than the common proxies keep an idle connection, so that they close first and never meet a reset. */
const KEEP_ALIVE_MS = 65_000
const HEADERS_TIMEOUT_MS = 20_000

/** Throws AppError `bad-setting` naming HOST or PORT when it cannot listen. */
export async function startWebServer(
  listener: RequestListener,
  options: WebServerOptions,
): Promise<WebServer> {
  const server = createServer(
    // Uploads take as long as they take: only the head of a request is timed.
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: 0,
      shouldUpgradeCallback: (req) => options.upgrades?.isFor(req) === true,
    },
    listener,
  )
  server.on('upgrade', (req, socket, head) => options.upgrades?.upgrade(req, socket, head))
  const close = trackConnections(server, options.endStreams)
  const { host } = options
  const port = await listen(server, { host, port: options.port, setting: 'PORT' })
  // A failed accept (no descriptors left) costs that connection, not the program.
  server.on('error', () => {})
  return { port, [Symbol.asyncDispose]: close }
}

/**
 * Returns what closes the server: connections without a request at once (also those that never sent
 * one, which Node's closeIdleConnections leaves open), the others when their answer is whole.
 */
function trackConnections(server: Server, endStreams: () => Promise<void>): () => Promise<void> {
  const underWay = new Map<Socket, number>()
  let closing = false
  server.on('connection', (socket: Socket) => {
    underWay.set(socket, 0)
    socket.once('close', () => underWay.delete(socket))
  })
  server.on('request', (req, res) => {
    const { socket } = req
    underWay.set(socket, (underWay.get(socket) ?? 0) + 1)
    res.once('close', () => {
      const left = (underWay.get(socket) ?? 1) - 1
      if (underWay.has(socket)) underWay.set(socket, left)
      if (closing && left === 0) socket.end()
    })
  })
  return async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    closing = true
    server.close(() => resolve())
    await endStreams()
    for (const [socket, requests] of underWay) if (requests === 0) socket.destroy()
    const cutOff = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS)
    await promise
    clearTimeout(cutOff)
  }
}
