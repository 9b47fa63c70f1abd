/** An encoder on a bad network: sends pieces of real streams over connections that end in every way there is. */
import { encodeMessages } from '../../../src/formats/rtmp/chunk-writer.ts'
import { joinParts, type OutgoingMessage } from '../../../src/formats/rtmp/message.ts'
import { AUDIO, DATA, type MediaMessage, VIDEO } from '../../../src/ingest/media-message.ts'
import { RtmpClient } from '../rtmp-client.ts'

/**
 * How a connection ends. `takeover`: it does not; the next one comes while it is there. `lost`: it is closed at
 * once after what was sent, which the server may not have read.
 */
export type Leaving = 'reset' | 'closed' | 'takeover' | 'lost' | 'goodbye'

const CHUNK_BYTES = 4096
/** Messages that a lost connection sends last. */
const LAST_WORDS = 5
/** Half a beat of the server. */
const RESTED_MS = 50

export class RestlessEncoder {
  readonly #port: number
  readonly #key: string
  /** Pictures and sounds that the server has read, in order. */
  readonly sent: Buffer[] = []
  readonly #open: RtmpClient[] = []

  constructor(port: number, key: string) {
    this.#port = port
    this.#key = key
  }

  get pictures(): number {
    return this.sent.filter((body) => body[0] === 0x17 || body[0] === 0x27).length
  }

  /** One connection: `messages` are sent, all but when it is `lost` they are read, then it ends so, often within a message. */
  async connect(messages: readonly MediaMessage[], leaving: Leaving): Promise<void> {
    const client = await RtmpClient.connected(this.#port, { app: 'live', flashVer: 'restless' })
    client.send({ csid: 2, type: 1, timestampMs: 0, streamId: 0, body: Buffer.from([0, 0, 0x10, 0]) })
    client.command(1, 'publish', 3, null, this.#key, 'live')
    await client.status('NetStream.Publish.Start')
    if (leaving === 'lost') {
      this.#send(client, messages.slice(0, -LAST_WORDS))
      await untilRead(client)
      this.#send(client, messages.slice(-LAST_WORDS))
      client.socket.end()
      return
    }
    this.#send(client, messages)
    await client.ping()
    if (leaving === 'goodbye') {
      client.command(0, 'deleteStream', 4, null, 1)
      client.socket.end()
      await client.closed
    } else if (leaving === 'takeover') {
      this.#open.push(client)
    } else {
      const last = messages.at(-1)
      if (last) {
        const bytes = encodeMessages([outgoing(last)], CHUNK_BYTES)
        client.raw(bytes.subarray(0, Math.ceil(bytes.byteLength / 2)))
      }
      if (leaving === 'reset') client.socket.resetAndDestroy()
      else client.socket.end()
      await client.closed
    }
  }

  #send(client: RtmpClient, messages: readonly MediaMessage[]): void {
    for (const message of messages) {
      client.send(outgoing(message), CHUNK_BYTES)
      if (isFrame(message)) this.sent.push(joinCopy(message))
    }
  }

  /** Those that were taken over. */
  async settled(): Promise<void> {
    await Promise.all(this.#open.map(({ closed }) => closed))
  }
}

/** Resolves when the server has just read, and rests for as long as it ever does. */
async function untilRead(client: RtmpClient): Promise<void> {
  for (let asked = 0; asked < 1000; asked += 1) {
    const sinceMs = performance.now()
    await client.ping()
    if (performance.now() - sinceMs > RESTED_MS) return
  }
}

/** Coded pictures and sounds, decoder configurations and ends apart. */
export function isFrame({ type, parts }: Pick<MediaMessage, 'type' | 'parts'>): boolean {
  return (type === VIDEO || type === AUDIO) && parts[0]?.[1] === 1
}

/** The first `count` groups of pictures from group `first` on, as a stream of its own from time 0. */
export function cutStream(messages: readonly MediaMessage[], first: number, count: number): MediaMessage[] {
  const heads = messages.filter((message) => message.type === DATA || message.parts[0]?.[1] === 0)
  const starts = messages.filter(
    ({ type, parts }) => type === VIDEO && parts[0]?.[0] === 0x17 && parts[0][1] === 1,
  )
  const fromMs = starts[first]?.timestampMs ?? 0
  const toMs = starts[first + count]?.timestampMs ?? Infinity
  const frames = messages.filter(
    (message) => isFrame(message) && message.timestampMs >= fromMs && message.timestampMs < toMs,
  )
  return [
    ...heads.map((message) => ({ ...message, timestampMs: 0 })),
    ...frames.map((message) => ({ ...message, timestampMs: message.timestampMs - fromMs })),
  ]
}

/** As it is sent on message stream 1. */
export function outgoing(message: MediaMessage): OutgoingMessage {
  const { type, timestampMs } = message
  return { csid: type === VIDEO ? 6 : 4, type, timestampMs, streamId: 1, body: joinCopy(message) }
}

const joinCopy = ({ parts, byteLength }: MediaMessage) => Buffer.from(joinParts(parts, byteLength))
