/**
 * The RTMP port: encoders publish to it, players play from it. `close` says goodbye to everybody and
 * waits until what was received is on disk.
 */
import net, { type Server, type Socket } from 'node:net'
import { listen } from '../kernel/listen.ts'
import type { Logger } from '../kernel/logger.ts'
import type { ConnectionSnapshot } from './connection-stats.ts'
import { INGEST_LIMITS, type IngestLimits } from './ingest-limits.ts'
import type { LiveHub, LiveStreamSnapshot } from './live-hub.ts'
import type { PlayGate } from './play-gate.ts'
import type { PublishGate } from './publish-gate.ts'
import { type ConnectionParts, RtmpConnection } from './rtmp-connection.ts'

export interface RtmpServerOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
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
  readonly #server: Server
  readonly #connections = new Set<RtmpConnection>()
  #sweeper: NodeJS.Timeout | undefined

  constructor(options: RtmpServerOptions) {
    this.#options = options
    this.#limits = { ...INGEST_LIMITS, ...options.limits }
    const { gate, playGate, hub, logger } = options
    this.#parts = { gate, playGate, hub, logger, limits: this.#limits }
    this.#server = net.createServer((socket) => this.#accept(socket))
    this.#server.maxConnections = this.#limits.maxConnections
  }

  /** Resolves with the port. Throws AppError `bad-setting` naming RTMP_PORT or HOST when it cannot be had. */
  async listen(): Promise<number> {
    const { host, port } = this.#options
    const bound = await listen(this.#server, { host, port, setting: 'RTMP_PORT' })
    // After listening, errors are those of single accepts (out of descriptors): the next one may work.
    this.#server.on('error', (error) => this.#options.logger.error({ err: error }, 'could not accept'))
    this.#sweeper = setInterval(() => this.#sweep(), this.#limits.sweepMs)
    return bound
  }

  snapshot(): IngestSnapshot {
    const now = performance.now()
    return {
      connections: [...this.#connections].map((connection) => connection.snapshot(now)),
      streams: this.#options.hub.snapshot(),
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()))
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

  #accept(socket: Socket): void {
    const connection = new RtmpConnection(socket, this.#parts)
    this.#connections.add(connection)
    void connection.closed.then(() => this.#connections.delete(connection))
  }

  #sweep(): void {
    const now = performance.now()
    for (const connection of this.#connections) connection.sweep(now)
  }
}
