/** A bare RTMP client for tests: says exactly what it is told, and shows exactly what it is answered. */
import net, { type Socket } from 'node:net'
import { type AmfValue, encodeAmf0Values, readAmf0Values } from '../../src/formats/amf0.ts'
import { ChunkReader } from '../../src/formats/rtmp/chunk-reader.ts'
import { encodeMessages } from '../../src/formats/rtmp/chunk-writer.ts'
import { HANDSHAKE_BYTES } from '../../src/formats/rtmp/handshake.ts'
import type { OutgoingMessage } from '../../src/formats/rtmp/message.ts'

const USER_CONTROL = 4
const PING_REQUEST = 6
const PING_RESPONSE = 7
const SERVER_HANDSHAKE_BYTES = 1 + 2 * HANDSHAKE_BYTES

export interface Answer {
  readonly type: number
  readonly timestampMs: number
  readonly streamId: number
  readonly body: Buffer
}

export class RtmpClient {
  readonly socket: Socket
  readonly answers: Answer[] = []
  /** Resolves when the connection is closed, by whomever. */
  readonly closed: Promise<void>
  readonly #reader = new ChunkReader()
  #handshake = Buffer.alloc(0)
  #shaken = false
  #pings = 0
  readonly #waiting: { matches: (answer: Answer) => boolean; resolve: (answer: Answer) => void }[] = []

  private constructor(socket: Socket) {
    this.socket = socket
    this.#reader.allowMedia()
    socket.on('error', () => {})
    socket.on('data', (data) => this.#onData(data))
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()))
  }

  /** A TCP connection, nothing said yet. Rejects when it is refused. */
  static async dial(port: number): Promise<RtmpClient> {
    const socket = net.connect(port, '127.0.0.1')
    const client = new RtmpClient(socket)
    const refused = client.closed.then(() => {
      throw new Error(`connection to port ${port} was refused`)
    })
    await Promise.race([refused, new Promise((resolve) => socket.once('connect', resolve))])
    // Once it stands its end is no failure.
    refused.catch(() => {})
    return client
  }

  /** With the handshake sent; the server's is skipped when it comes. */
  static async shaken(port: number): Promise<RtmpClient> {
    const client = await RtmpClient.dial(port)
    client.raw(Buffer.concat([Buffer.of(3), Buffer.alloc(2 * HANDSHAKE_BYTES)]))
    return client
  }

  /** Up to the accepted connect and a stream with id 1. */
  static async connected(port: number, connect: AmfValue = { app: 'live' }): Promise<RtmpClient> {
    const client = await RtmpClient.shaken(port)
    client.command(0, 'connect', 1, connect)
    await client.commandNamed('_result')
    client.command(0, 'createStream', 2, null)
    await client.commandNamed('_result', 2)
    return client
  }

  raw(bytes: Uint8Array): void {
    this.socket.write(bytes)
  }

  send(message: OutgoingMessage, chunkBytes = 128): void {
    this.raw(encodeMessages([message], chunkBytes))
  }

  command(streamId: number, ...values: readonly AmfValue[]): void {
    this.send({ csid: 3, type: 20, timestampMs: 0, streamId, body: encodeAmf0Values(values) })
  }

  /** The first answer there is, or will be, that matches. Fails when the connection closes before. */
  async answer(matches: (answer: Answer) => boolean): Promise<Answer> {
    const known = this.answers.find(matches)
    if (known) return known
    const gone = this.closed.then(() => {
      throw new Error('the connection closed without that answer')
    })
    return Promise.race([gone, new Promise<Answer>((resolve) => this.#waiting.push({ matches, resolve }))])
  }

  /** The values of the first command of that name (and transaction). */
  async commandNamed(name: string, transactionId?: number): Promise<AmfValue[]> {
    const values = (answer: Answer) => (answer.type === 20 ? readAmf0Values(answer.body) : [])
    const answer = await this.answer((candidate) => {
      const [said, id] = values(candidate)
      return said === name && (transactionId === undefined || id === transactionId)
    })
    return values(answer)
  }

  /** The info object of the next onStatus with that code. */
  async status(code: string): Promise<Record<string, AmfValue>> {
    const info = (answer: Answer) => {
      const [name, , , value] = answer.type === 20 ? readAmf0Values(answer.body) : []
      return name === 'onStatus' ? (value as Record<string, AmfValue>) : undefined
    }
    const answer = await this.answer((candidate) => info(candidate)?.code === code)
    return info(answer) ?? {}
  }

  /** Resolves when the server has read everything sent so far. */
  async ping(): Promise<void> {
    this.#pings += 1
    const [body, pong] = [Buffer.alloc(6), Buffer.alloc(6)]
    body.writeUIntBE(PING_REQUEST * 2 ** 32 + this.#pings, 0, 6)
    pong.writeUIntBE(PING_RESPONSE * 2 ** 32 + this.#pings, 0, 6)
    this.send({ csid: 2, type: USER_CONTROL, timestampMs: 0, streamId: 0, body })
    await this.answer((answer) => answer.type === USER_CONTROL && answer.body.equals(pong))
  }

  close(): void {
    this.socket.destroy()
  }

  #onData(data: Buffer): void {
    let rest = data
    if (!this.#shaken) {
      this.#handshake = Buffer.concat([this.#handshake, data])
      if (this.#handshake.length < SERVER_HANDSHAKE_BYTES) return
      this.#shaken = true
      rest = this.#handshake.subarray(SERVER_HANDSHAKE_BYTES)
    }
    this.#reader.push(rest)
    for (let message = this.#reader.next(); message; message = this.#reader.next()) {
      const { type, timestampMs, streamId, parts } = message
      const answer = { type, timestampMs, streamId, body: Buffer.concat(parts) }
      this.answers.push(answer)
      for (const wait of this.#waiting) if (wait.matches(answer)) wait.resolve(answer)
    }
  }
}
