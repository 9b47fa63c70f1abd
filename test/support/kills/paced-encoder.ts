/** An encoder that knows to the millisecond what it sent and when: made-up loops of a real stream, at their own pace. */
import type { OutgoingMessage } from '../../../src/formats/rtmp/message.ts'
import { AUDIO, DATA, type MediaMessage, VIDEO } from '../../../src/ingest/media-message.ts'
import { RtmpClient } from '../rtmp-client.ts'

const CHUNK_BYTES = 4096
const STREAM_ID = 1
const TICK_MS = 5
/** AMF0 string: encoders ask the server to keep their metadata with it. */
const SET_DATA_FRAME = Buffer.concat([Buffer.of(2, 0, 13), Buffer.from('@setDataFrame')])

export interface SentFrame {
  readonly type: number
  readonly body: Buffer
  /** When it was handed to the kernel, on performance.now's clock. */
  readonly atMs: number
}

/** A stream to be sent, and the one that follows it on the same connection: another configuration. */
export interface EncoderScript {
  readonly messages: readonly MediaMessage[]
  readonly next?: { readonly afterMs: number; readonly messages: readonly MediaMessage[] }
}

export class PacedEncoder {
  /** Pictures and sounds, configurations apart, in the order they were sent. */
  readonly sent: SentFrame[] = []
  readonly #client: RtmpClient
  readonly #queue: readonly MediaMessage[]
  readonly #startedMs = performance.now()
  #next = 0
  #timer: NodeJS.Timeout | undefined

  private constructor(client: RtmpClient, script: EncoderScript) {
    this.#client = client
    this.#queue = inOrder(script)
  }

  /** Resolves when it is on air, sending. Rejects when the server goes away before. */
  static async start(port: number, streamKey: string, script: EncoderScript): Promise<PacedEncoder> {
    const tcUrl = `rtmp://127.0.0.1:${port}/live`
    const client = await RtmpClient.connected(port, { app: 'live', type: 'nonprivate', tcUrl })
    client.socket.setNoDelay(true)
    const size = Buffer.alloc(4)
    size.writeUInt32BE(CHUNK_BYTES)
    client.send({ csid: 2, type: 1, timestampMs: 0, streamId: 0, body: size })
    client.command(STREAM_ID, 'publish', 3, null, streamKey, 'live')
    await client.status('NetStream.Publish.Start')
    const encoder = new PacedEncoder(client, script)
    encoder.#timer = setInterval(() => encoder.#send(), TICK_MS)
    return encoder
  }

  /** Says goodbye as OBS does; the connection stays until the server ends it. */
  goodbye(): void {
    clearInterval(this.#timer)
    this.#client.command(0, 'FCUnpublish', 4, null, '')
    this.#client.command(0, 'deleteStream', 5, null, STREAM_ID)
  }

  /** As when the network goes: nothing more is sent, nothing said. */
  drop(): void {
    clearInterval(this.#timer)
    this.#client.close()
  }

  #send(): void {
    const nowMs = performance.now() - this.#startedMs
    for (;;) {
      const message = this.#queue[this.#next]
      if (!message || message.timestampMs > nowMs || this.#client.socket.destroyed) return
      this.#next += 1
      this.#client.send(outgoing(message), CHUNK_BYTES)
      const body = Buffer.concat(message.parts)
      if (isFrame(message.type, body)) this.sent.push({ type: message.type, body, atMs: performance.now() })
    }
  }
}

/** Neither metadata nor a decoder configuration: FLV 10.1 §E.4.2.1, §E.4.3.1. */
export function isFrame(type: number, body: Uint8Array): boolean {
  return (type === VIDEO || type === AUDIO) && body[1] !== 0
}

function inOrder({ messages, next }: EncoderScript): readonly MediaMessage[] {
  if (!next) return messages
  const later = next.messages.map((message) => ({
    ...message,
    timestampMs: message.timestampMs + next.afterMs,
  }))
  return [...messages.filter(({ timestampMs }) => timestampMs < next.afterMs), ...later]
}

function outgoing({ type, parts, timestampMs }: MediaMessage): OutgoingMessage {
  const body = Buffer.concat(parts)
  return {
    csid: type === VIDEO ? 6 : type === AUDIO ? 4 : 5,
    type,
    timestampMs,
    streamId: STREAM_ID,
    body: type === DATA ? Buffer.concat([SET_DATA_FRAME, body]) : body,
  }
}
