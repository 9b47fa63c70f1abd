/**
 * The RTMP port, and the RTMPS port if there is one: encoders publish to them, players play from them.
 * `close` says goodbye to everybody and waits until what was received is on disk.
 */
import net, { type Server, type Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { listen } from '../kernel/listen.ts'
import type { Logger } from '../kernel/logger.ts'
import { AddressLimits } from './address-limits.ts'
import type { ConnectionSnapshot } from './connection-snapshot.ts'
import { INGEST_LIMITS, type IngestLimits } from './ingest-limits.ts'
import type { LiveHub, LiveStreamSnapshot } from './live-hub.ts'
import type { PlayGate } from './play-gate.ts'
import type { PublishGate } from './publish-gate.ts'
import { ReadBeat } from './read-beat.ts'
import { type ConnectionParts, RtmpConnection } from './rtmp-connection.ts'
import { SharedReads } from './shared-reads.ts'

export interface RtmpServerOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** The same over TLS. The context is asked for at each connection: it may have been renewed. */
  readonly rtmps?: { readonly port: number; readonly context: () => SecureContext }
  readonly gate: PublishGate
  readonly playGate: PlayGate
  /** The caller's: HTTP outputs share it. */
  readonly hub: LiveHub
  readonly logger: Logger
  readonly limits?: Partial<IngestLimits>
}

export interface IngestSnapshot {
  readonly connections: readonly ConnectionSnapshot[]
  readonly streams: readonly LiveStreamSnapshot[]
}

export class RtmpServer implements AsyncDisposable {
  readonly #options: RtmpServerOptions
  readonly #limits: IngestLimits
  readonly #parts: ConnectionParts
  readonly #addresses: AddressLimits
  readonly #server: Server
  readonly #tlsServer: Server | undefined
  readonly #connections = new Set<RtmpConnection>()
  readonly #beat = new ReadBeat()
  #rtmpsPort: number | undefined
  #sweeper: NodeJS.Timeout | undefined

  constructor(options: RtmpServerOptions) {
    this.#options = options
    this.#limits = { ...INGEST_LIMITS, ...options.limits }
    const { gate, playGate, hub, logger, rtmps } = options
    this.#parts = { gate, playGate, hub, logger, limits: this.#limits, beat: this.#beat }
    const reads = new SharedReads()
    this.#addresses = new AddressLimits({
      maxConnections: this.#limits.maxConnectionsPerAddress,
      maxHandshakes: this.#limits.maxHandshakesPerAddress,
    })
    this.#server = this.#makeServer((socket) => reads.adopt(socket))
    // Not tls.Server: it would keep connections to itself until TLS has shaken hands, out of our limits' sight.
    this.#tlsServer =
      rtmps &&
      this.#makeServer((socket) => new TLSSocket(socket, { isServer: true, secureContext: rtmps.context() }))
  }

  /**
   * Resolves with the RTMP port. Throws AppError `bad-setting` naming RTMP_PORT, RTMPS_PORT or HOST when
   * one cannot be had.
   */
  async listen(): Promise<number> {
    const { host, port, rtmps } = this.#options
    const bound = await listen(this.#server, { host, port, setting: 'RTMP_PORT' })
    if (rtmps && this.#tlsServer) {
      this.#rtmpsPort = await listen(this.#tlsServer, { host, port: rtmps.port, setting: 'RTMPS_PORT' })
    }
    // After listening, errors are those of single accepts (out of descriptors): the next one may work.
    for (const server of this.#servers) {
      server.on('error', (error) => this.#options.logger.error({ err: error }, 'could not accept'))
    }
    this.#sweeper = setInterval(() => this.#sweep(), this.#limits.sweepMs)
    return bound
  }

  /** As bound; undefined without RTMPS, and before `listen`. */
  get rtmpsPort(): number | undefined {
    return this.#rtmpsPort
  }

  snapshot(): IngestSnapshot {
    const now = performance.now()
    return {
      connections: [...this.#connections].flatMap((connection) => connection.snapshots(now)),
      streams: this.#options.hub.snapshot(),
    }
  }

  /**
   * The first step of a stop: nobody new is let in, and whoever can is asked to connect again (Enhanced RTMP v2
   * "Reconnect Request"). Resolves when they have left or had their time; at once when nobody can.
   */
  async move(): Promise<void> {
    void this.#stopListening()
    const reason = 'The server is being restarted.'
    const leaving = [...this.#connections].filter((connection) => connection.move(reason))
    if (leaving.length === 0) return
    this.#options.logger.info({ connections: leaving.length }, 'asked to connect again')
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, this.#limits.reconnectMs)
    void Promise.all(leaving.map(({ closed }) => closed)).then(() => resolve())
    await promise
    clearTimeout(timer)
  }

  /** Idempotent. */
  async close(): Promise<void> {
    const stopped = this.#stopListening()
    await this.#beat.readAll()
    const connections = [...this.#connections]
    // Encoders first: their players are then told that the broadcast is over.
    for (const connection of connections.filter(({ publishing }) => publishing)) connection.drain()
    for (const connection of connections) connection.drain()
    await Promise.all(connections.map((connection) => connection.closed))
    await stopped
    clearInterval(this.#sweeper)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Resolves when the last connection is closed too. */
  #stopListening(): Promise<unknown> {
    return Promise.all(
      this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    )
  }

  get #servers(): Server[] {
    return this.#tlsServer ? [this.#server, this.#tlsServer] : [this.#server]
  }

  #makeServer(secure: (socket: Socket) => Socket): Server {
    const server = net.createServer((socket) => this.#accept(socket, secure))
    server.maxConnections = this.#limits.maxConnections
    return server
  }

  #accept(accepted: Socket, secure: (socket: Socket) => Socket): void {
    const remoteAddress = accepted.remoteAddress ?? ''
    const seat = this.#addresses.take(remoteAddress)
    if (!seat) {
      this.#options.logger.debug({ remoteAddress }, 'too many connections from one address')
      accepted.destroy()
      return
    }
    const connection = new RtmpConnection(secure(accepted), this.#parts, () => seat.opened())
    this.#connections.add(connection)
    void connection.closed.then(() => {
      seat.leave()
      this.#connections.delete(connection)
    })
  }

  #sweep(): void {
    const now = performance.now()
    for (const connection of this.#connections) connection.sweep(now)
  }
}
