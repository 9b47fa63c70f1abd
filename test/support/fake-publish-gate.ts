/** A publish gate for tests: knows its keys, keeps what is sent in memory as an FLV. */
import { encodeFileHeader, FILE_HEADER_BYTES } from '../../src/formats/flv/file-header.ts'
import { encodeTag } from '../../src/formats/flv/tag-header.ts'
import { joinParts } from '../../src/formats/rtmp/message.ts'
import type { MediaMessage } from '../../src/ingest/media-message.ts'
import type {
  PublishDecision,
  PublishedSession,
  PublishGate,
  PublishRequest,
  SessionEnding,
  SessionStop,
  UnheardConnection,
  UnheardWatch,
} from '../../src/ingest/publish-gate.ts'

export const REFUSAL = 'This stream key is not valid. Copy it again from the studio.'

export class FakeSession implements PublishedSession {
  readonly sessionId: string
  readonly streamName: string
  readonly messages: { type: MediaMessage['type']; timestampMs: number; body: Buffer }[] = []
  /** What `write` answers. */
  hasRoom = true
  ending: SessionEnding | undefined
  readonly closed: Promise<SessionEnding>
  #resolveClosed: (ending: SessionEnding) => void
  #drain: () => void = () => {}
  #stop: SessionStop = async () => {}
  /** How the encoder left that was kept after its creator ended the broadcast. */
  leaving: Parameters<ReturnType<UnheardWatch>>[0] | undefined
  unheard: UnheardConnection | undefined
  readonly #arrivals: { count: number; resolve: () => void }[] = []

  constructor(sessionId: string, streamName: string) {
    this.sessionId = sessionId
    this.streamName = streamName
    const { promise, resolve } = Promise.withResolvers<SessionEnding>()
    this.closed = promise
    this.#resolveClosed = resolve
  }

  write(message: MediaMessage): boolean {
    if (this.ending) throw new Error('written to after it was closed')
    const body = Buffer.from(joinParts(message.parts, message.byteLength))
    if (body.byteLength !== message.byteLength) throw new Error('byteLength is not the length of the parts')
    this.messages.push({ type: message.type, timestampMs: message.timestampMs, body })
    for (const arrival of this.#arrivals) if (this.messages.length >= arrival.count) arrival.resolve()
    return this.hasRoom
  }

  flush(): void {}

  onDrain(listener: () => void): void {
    this.#drain = listener
  }

  onStop(listener: SessionStop): void {
    this.#stop = listener
  }

  close(ending: SessionEnding): Promise<void> {
    this.ending ??= ending
    this.#resolveClosed(this.ending)
    return Promise.resolve()
  }

  drain(): void {
    this.hasRoom = true
    this.#drain()
  }

  stop(ending: SessionEnding, reason: string): Promise<void> {
    return this.#stop(ending, reason)
  }

  /** As "End broadcast" in the studio does. */
  endByCreator(): Promise<void> {
    return this.#stop('ended', 'The broadcast was ended.', (connection) => {
      this.unheard = connection
      return (leaving) => {
        this.leaving = leaving
      }
    })
  }

  /** Resolves when so many messages have arrived in all. */
  async received(count: number): Promise<void> {
    if (this.messages.length >= count) return
    await new Promise<void>((resolve) => this.#arrivals.push({ count, resolve }))
  }

  /** As a recording would be. */
  flv(): Buffer {
    const tags = this.messages.map(({ type, timestampMs, body }) => encodeTag(type, timestampMs, body))
    const bytes = Buffer.concat([encodeFileHeader(), ...tags])
    if (bytes.byteLength < FILE_HEADER_BYTES) throw new Error('no header')
    return bytes
  }
}

export class FakePublishGate implements PublishGate {
  readonly sessions: FakeSession[] = []
  readonly requests: PublishRequest[] = []
  readonly #names: Readonly<Record<string, string>>
  readonly #waiting: { count: number; resolve: (session: FakeSession) => void }[] = []
  /** Set: whoever has a key is let in, and not heard. */
  unheard: UnheardWatch | undefined
  /** Awaited before every answer. */
  wait: () => Promise<void> = () => Promise.resolve()

  /** Stream names by key. */
  constructor(names: Readonly<Record<string, string>>) {
    this.#names = names
  }

  async admit(request: PublishRequest): Promise<PublishDecision> {
    this.requests.push(request)
    await this.wait()
    const streamName = Object.hasOwn(this.#names, request.streamKey)
      ? this.#names[request.streamKey]
      : undefined
    if (streamName === undefined) return { admitted: false, reason: REFUSAL }
    if (this.unheard) return { admitted: 'unheard', watch: this.unheard }
    const session = new FakeSession(`session-${this.sessions.length + 1}`, streamName)
    this.sessions.push(session)
    for (const wait of this.#waiting) if (this.sessions.length >= wait.count) wait.resolve(session)
    return { admitted: true, session }
  }

  /** The `number`th session, counted from 1, as soon as it is there. */
  session(number = 1): Promise<FakeSession> {
    const known = this.sessions[number - 1]
    if (known) return Promise.resolve(known)
    return new Promise((resolve) => this.#waiting.push({ count: number, resolve }))
  }
}
