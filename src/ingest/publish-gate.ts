/**
 * What ingest needs from downstream: somebody who decides whether a publisher may publish, and
 * somewhere to put what it sends. Implemented by library/broadcasts and joined in service.ts.
 */
import type { MediaMessage } from './media-message.ts'

/** Who asks, before anything was created for them. The key is secret: never log it, never put it in a path. */
export interface PublishRequest {
  readonly app: string
  readonly streamKey: string
  readonly remoteAddress: string
  /** `flashVer` of the connect command, such as "FMLE/3.0 (compatible; obs-studio/29.0.2)"; empty when not sent. */
  readonly encoder: string
}

export type PublishDecision =
  | { readonly admitted: true; readonly session: PublishedSession }
  /** Let in, and nothing of what it sends is kept: the encoder of a broadcast that its creator ended came back by itself. */
  | { readonly admitted: 'unheard'; readonly watch: UnheardWatch }
  /** `reason` is shown to the person at the encoder: plain words, what to do. */
  | {
      readonly admitted: false
      readonly reason: string
      /** Somebody else is on air with that key. */
      readonly inUse?: boolean
    }

export interface PublishGate {
  /** Throws nothing foreseen: a database that does not answer is a refusal with that reason. */
  admit(request: PublishRequest): Promise<PublishDecision>
}

/**
 * How the encoder's connection ended; library/broadcasts/ending-words.ts says each in words.
 * `unpublished`: it said goodbye (FCUnpublish, deleteStream, closeStream). `ended`: its creator ended the
 * broadcast. `suspended`: an administrator suspended the channel's owner.
 * `dropped`: the connection was closed without a goodbye. `silent`: nothing came any more, then it was lost.
 * `taken-over`: a new connection with the same key took its place. `protocol-error`: we closed it.
 * `draining`: the server is stopping. `disk`: the disk of the recording is full. `write-error`: it refused
 * for another reason. `size-limit`: the broadcast is as large as it may become, and is over.
 */
export type SessionEnding =
  | 'unpublished'
  | 'ended'
  | 'suspended'
  | 'dropped'
  | 'silent'
  | 'taken-over'
  | 'protocol-error'
  | 'draining'
  | 'disk'
  | 'write-error'
  | 'size-limit'

/** The connection of an encoder that is not heard: its broadcast was ended, and it goes on sending. */
export interface UnheardConnection {
  /** Milliseconds since anything came from it. */
  silentMs(): number
}

/** Takes the connection in sight. What is returned is to be called once, with how it left. */
export type UnheardWatch = (
  connection: UnheardConnection,
) => (leaving: 'goodbye' | 'dropped' | 'silent') => void

export type SessionStop = (ending: SessionEnding, reason: string, watch?: UnheardWatch) => Promise<void>

/** One publishing connection, from the accepted publish to its end. */
export interface PublishedSession {
  readonly sessionId: string
  /** Public name of the stream: the channel's handle. Players ask for it. */
  readonly streamName: string
  /**
   * Takes over the message at once: `message.parts` may be reused by the caller after the return.
   * False: more waits for the disk than should; stop reading from the socket until `onDrain`.
   */
  write(message: MediaMessage): boolean
  /** Nothing more comes for a short while: what waits is written. */
  flush(): void
  /** At most one listener; called once after a `write` returned false and there is room again. */
  onDrain(listener: () => void): void
  /**
   * Called when this session must stop from our side; the listener hands on what had arrived by then and
   * ends it, and resolves when it has. With `watch` the creator ended the broadcast: the connection is kept,
   * and what the encoder goes on sending is discarded until it leaves, because an encoder that is closed
   * connects again by itself and would begin another broadcast. Without, the connection is closed with that
   * reason.
   */
  onStop(listener: SessionStop): void
  /** Resolves when everything written is on disk and the part is closed. Never rejects; idempotent. */
  close(ending: SessionEnding): Promise<void>
}
