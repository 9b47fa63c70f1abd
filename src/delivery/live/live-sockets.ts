/**
 * ws://host/live/<channel>.flv: the FLV of live-routes.ts as binary WebSocket messages, cut anywhere; a
 * player puts them together again. Who may not watch is answered by HTTP, before the upgrade. RFC 6455
 */
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { AppError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/logger.ts'
import { isForeignPage } from '../auth/same-origin.ts'
import type { ClientAddresses } from '../client-address.ts'
import { logProblem, type ProblemAnswer, toProblem } from '../problem.ts'
import type { FindLive } from './find-live.ts'
import type { LivePlaces } from './live-places.ts'
import type { LiveRoutesOptions } from './live-routes.ts'
import { SocketSink } from './socket-sink.ts'

export interface LiveSocketsOptions {
  readonly publicUrl: string
  readonly addresses: ClientAddresses
  readonly findLive: FindLive
  readonly places: LivePlaces
  readonly isStreaming: (streamName: string) => boolean
  readonly streamFlv: LiveRoutesOptions['streamFlv']
  readonly log: Logger
  /** How often a viewer is asked whether it is still there. */
  readonly pingMs?: number
}

const PING_MS = 20_000
/** A viewer has nothing to say. */
const MAX_MESSAGE_BYTES = 1024

export class LiveSockets implements Disposable {
  readonly #options: LiveSocketsOptions
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  })
  /** Whether anything was heard from them, or taken by them, since they were last asked. */
  readonly #heard = new Map<WebSocket, boolean>()
  readonly #pinging: NodeJS.Timeout

  constructor(options: LiveSocketsOptions) {
    this.#options = options
    this.#pinging = setInterval(() => this.#ping(), options.pingMs ?? PING_MS).unref()
  }

  /** Whether the request asks for one of these. All other upgrades may be ignored, as HTTP allows. */
  isFor(req: IncomingMessage): boolean {
    return req.headers.upgrade?.toLowerCase() === 'websocket' && channelOf(req) !== undefined
  }

  /** Takes the connection over. Never throws. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {})
    this.#watch(req, socket, head).catch((error: unknown) => {
      const problem = toProblem(error)
      logProblem(this.#options.log, { method: 'WebSocket', path: req.url ?? '' }, problem, error)
      if (socket.writable) socket.end(renderAnswer(problem))
    })
  }

  [Symbol.dispose](): void {
    clearInterval(this.#pinging)
    for (const socket of this.#heard.keys()) socket.terminate()
  }

  async #watch(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { findLive, addresses, places, isStreaming, publicUrl } = this.#options
    const channel = channelOf(req)
    if (channel === undefined) throw new AppError('not-found', 'There is no WebSocket at this address.')
    using place = places.take(addresses.of(req))
    // Browsers let any page open a WebSocket, with the visitor's cookies: another site sees what is public.
    const headers = isForeignPage(req.headers, publicUrl)
      ? { ...req.headers, cookie: undefined }
      : req.headers
    const { video } = await findLive(headers, channel)
    const streamName = video.channel.handle
    if (!isStreaming(streamName)) throw new AppError('not-found', 'This stream is not live.')
    const webSocket = await this.#accept(req, socket, head)
    if (webSocket) await this.#stream(webSocket, streamName, place.signal)
  }

  /** Undefined: what was sent is no WebSocket handshake, and has been answered, or the peer is gone. */
  #accept(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<WebSocket | undefined> {
    return new Promise((resolve) => {
      socket.once('close', () => resolve(undefined))
      if (socket.destroyed) resolve(undefined)
      else this.#server.handleUpgrade(req, socket, head, (webSocket) => resolve(webSocket))
    })
  }

  async #stream(socket: WebSocket, streamName: string, stopping: AbortSignal): Promise<void> {
    const heard = () => this.#heard.set(socket, true)
    heard()
    socket.on('pong', heard)
    // Broken frames close it; that is all there is to do about them.
    socket.on('error', () => {})
    socket.once('close', () => this.#heard.delete(socket))
    try {
      await this.#options.streamFlv(streamName, new SocketSink(socket, stopping, heard), stopping)
    } catch (error) {
      // The upgrade cannot be taken back: the stream may have ended in between.
      this.#options.log.debug({ err: error, streamName }, 'live WebSocket ended early')
      socket.terminate()
    }
  }

  #ping(): void {
    for (const [socket, heard] of this.#heard) {
      if (!heard) socket.terminate()
      else if (socket.readyState === socket.OPEN) {
        this.#heard.set(socket, false)
        socket.ping()
      }
    }
  }
}

function channelOf(req: IncomingMessage): string | undefined {
  return /^\/live\/([\w-]+)\.flv(?:\?|$)/.exec(req.url ?? '')?.[1]
}

function renderAnswer({ status, headers, body }: ProblemAnswer): string {
  const text = JSON.stringify(body)
  const all = {
    ...headers,
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    'cache-control': 'no-store',
    connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', text].join('\r\n')
}
