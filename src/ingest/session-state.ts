/** What session.ts steps between: the states of an RTMP connection, what happens to it, and what is to be done. */
import type { Command } from '../formats/rtmp/command-message.ts'
import type { OutgoingMessage } from '../formats/rtmp/message.ts'

export interface Client {
  readonly app: string
  readonly encoder: string
  /** Streams created so far; the last one's id. */
  readonly streams: number
  /** Publish and play commands so far. */
  readonly attempts: number
}

export type SessionState =
  | { readonly phase: 'opening' }
  | { readonly phase: 'connected'; readonly client: Client }
  | {
      /** `discarding`: its broadcast was ended; what it still sends is thrown away until it leaves. */
      readonly phase: 'asking' | 'publishing' | 'discarding'
      readonly client: Client
      readonly streamId: number
    }
  | {
      readonly phase: 'waiting' | 'playing'
      readonly client: Client
      readonly streamId: number
      readonly streamName: string
    }
  | { readonly phase: 'closed' }

export type SessionEvent =
  | { readonly kind: 'command'; readonly streamId: number; readonly command: Command }
  | { readonly kind: 'publish-admitted' }
  | { readonly kind: 'publish-refused'; readonly reason: string }
  /** It may send, and is discarded from the start. */
  | { readonly kind: 'publish-unheard' }
  /** The creator ended the broadcast: the encoder may stay, unheard. */
  | { readonly kind: 'publish-ended'; readonly reason: string }
  /** The publish ends from our side, and the connection with it. */
  | { readonly kind: 'publish-stopped'; readonly reason: string }
  | { readonly kind: 'play-allowed'; readonly streamName: string }
  | { readonly kind: 'play-refused'; readonly reason: string }
  | { readonly kind: 'stream-live' }
  | { readonly kind: 'stream-absent' }
  | { readonly kind: 'stream-over'; readonly reason: string }

export type SessionEffect =
  | { readonly kind: 'send'; readonly messages: readonly OutgoingMessage[] }
  | {
      readonly kind: 'ask-publish'
      readonly app: string
      readonly streamKey: string
      readonly encoder: string
    }
  | { readonly kind: 'ask-play'; readonly streamName: string }
  /** Large messages may come from now on. */
  | { readonly kind: 'allow-media' }
  | { readonly kind: 'end-publish'; readonly ending: 'unpublished' | 'protocol-error' }
  /** Answer with stream-live or, when it does not come, stream-absent. */
  | { readonly kind: 'await-stream'; readonly streamName: string }
  | { readonly kind: 'start-play'; readonly streamName: string; readonly streamId: number }
  | { readonly kind: 'pause-play'; readonly paused: boolean }
  | { readonly kind: 'end-play' }
  /** After what was sent has left. `fault`: the peer broke the rules. */
  | { readonly kind: 'close'; readonly reason: string; readonly fault: boolean }
