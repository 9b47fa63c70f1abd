/** A publishing connection, and how many of them are kept at pace by one timer. */
import { once } from 'node:events'
import { RtmpClient } from '../../support/rtmp-client.ts'
import { PUSH_CHUNK_BYTES, PUSH_STREAM_ID, type PushedStream } from './pushed-stream.ts'

const TICK_MS = 5
/** A server that is this far behind does not keep up: what it costs is not what it would cost. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024

export class Publisher {
  readonly #client: RtmpClient

  private constructor(client: RtmpClient) {
    this.#client = client
  }

  /** Resolves when the server has accepted the publish. */
  static async open(port: number, name: string): Promise<Publisher> {
    const tcUrl = `rtmp://127.0.0.1:${port}/live`
    const client = await RtmpClient.connected(port, { app: 'live', type: 'nonprivate', tcUrl })
    // Each message leaves when it is written, as OBS has it.
    client.socket.setNoDelay(true)
    const size = Buffer.alloc(4)
    size.writeUInt32BE(PUSH_CHUNK_BYTES)
    client.send({ csid: 2, type: 1, timestampMs: 0, streamId: 0, body: size })
    client.command(PUSH_STREAM_ID, 'publish', 3, null, name, 'live')
    await client.status('NetStream.Publish.Start')
    return new Publisher(client)
  }

  /** Bytes of whole chunks. Throws when the server has hung up or does not keep up. */
  write(bytes: Buffer): void {
    const { socket } = this.#client
    if (socket.destroyed) throw new Error('the server hung up on a publisher')
    if (socket.writableLength > MAX_WAITING_BYTES) throw new Error('the server does not keep up')
    socket.write(bytes)
  }

  /** As fast as the server takes it. */
  async writeWaiting(bytes: Buffer): Promise<void> {
    const { socket } = this.#client
    if (socket.destroyed) throw new Error('the server hung up on a publisher')
    if (!socket.write(bytes)) await Promise.race([once(socket, 'drain'), this.#client.closed])
  }

  /** Says goodbye and waits until the server has read everything. */
  async end(): Promise<void> {
    const { socket } = this.#client
    this.#client.command(0, 'deleteStream', 4, null, PUSH_STREAM_ID)
    socket.end()
    await this.#client.closed
  }

  destroy(): void {
    this.#client.close()
  }
}

/** Opens as many as asked for on each port, named `s0`, `s1` …; of a port one after the other. */
export async function openPublishers(
  ports: readonly number[],
  count: number,
): Promise<readonly (readonly Publisher[])[]> {
  return Promise.all(
    ports.map(async (port) => {
      const publishers: Publisher[] = []
      for (let i = 0; i < count; i += 1) publishers.push(await Publisher.open(port, `s${i}`))
      return publishers
    }),
  )
}

export interface Pace {
  /** How far the pusher was behind at worst. */
  readonly worstLatenessMs: number
}

/**
 * Writes every message when it is due, as encoders do. Publisher i begins i-th of them within
 * `staggerMs`, as broadcasts do not begin together. Resolves when everything is written.
 */
export function pushPaced(
  publishers: readonly Pick<Publisher, 'write'>[],
  stream: PushedStream,
  staggerMs: number,
): Promise<Pace> {
  const startedMs = performance.now()
  const next = publishers.map(() => 0)
  let worstLatenessMs = 0
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      let unfinished = 0
      try {
        for (const [i, publisher] of publishers.entries()) {
          const from = next[i] ?? 0
          if (from >= stream.ends.length) continue
          unfinished += 1
          const nowMs = performance.now() - startedMs - (staggerMs * i) / publishers.length
          let to = from
          while (to < stream.ends.length && (stream.dueMs[to] ?? 0) <= nowMs) to += 1
          if (to === from) continue
          worstLatenessMs = Math.max(worstLatenessMs, nowMs - (stream.dueMs[from] ?? 0))
          publisher.write(stream.bytes.subarray(stream.ends[from - 1] ?? 0, stream.ends[to - 1] ?? 0))
          next[i] = to
        }
      } catch (error) {
        clearInterval(timer)
        reject(error)
        return
      }
      if (unfinished > 0) return
      clearInterval(timer)
      resolve({ worstLatenessMs })
    }, TICK_MS)
  })
}
