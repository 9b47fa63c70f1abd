/** What session.ts steps between: the states of an RTMP connection, what happens to it, and what is to be done. */
import type { Command } from '../formats/rtmp/command-message.ts'
import type { OutgoingMessage } from '../formats/rtmp/message.ts'
import type { SessionEnding } from './publish-gate.ts'

export interface Client {
  readonly app: string
  readonly encoder: string
  /** It obeys a reconnect request. */
  readonly reconnects: boolean
  /** It understands messages of several tracks. */
  readonly multitrack: boolean
  /** Streams created so far; the last one's id. */
  readonly streams: number
  /** Publish and play commands so far. */
  readonly attempts: number
}

/** What a message stream is used for. */
export type StreamUse =
  | {
      /** `discarding`: its broadcast was ended; what it still sends is thrown away until it leaves. */
      readonly phase: 'asking' | 'publishing' | 'discarding'
      /** As it was sent: the stream key of who publishes. */
      readonly sentName: string
    }
  | { readonly phase: 'waiting' | 'playing'; readonly streamName: string }

export interface ConnectedState {
  readonly phase: 'connected'
  readonly client: Client
  /** By message stream id. Those that are in use. */
  readonly streams: ReadonlyMap<number, StreamUse>
  /** It was asked to connect again, elsewhere or to the next start: when it leaves, that is no end. */
  readonly leaving: boolean
}

export type SessionState = { readonly phase: 'opening' } | ConnectedState | { readonly phase: 'closed' }

/** What happens to one message stream from our side. */
export type StreamEvent =
  | { readonly kind: 'publish-admitted' }
  | { readonly kind: 'publish-refused'; readonly reason: string; readonly inUse?: boolean }
  /** It may send, and is discarded from the start. */
  | { readonly kind: 'publish-unheard' }
  /** The creator ended the broadcast: the encoder may stay, unheard. */
  | { readonly kind: 'publish-ended'; readonly reason: string }
  /** The publish ends from our side. */
  | { readonly kind: 'publish-stopped'; readonly ending: SessionEnding; readonly reason: string }
  | { readonly kind: 'play-allowed'; readonly streamName: string }
  | { readonly kind: 'play-refused'; readonly reason: string }
  | { readonly kind: 'stream-live' }
  | { readonly kind: 'stream-absent' }
  | { readonly kind: 'stream-over'; readonly reason: string }

export type SessionEvent =
  | { readonly kind: 'command'; readonly streamId: number; readonly command: Command }
  | { readonly kind: 'stream'; readonly streamId: number; readonly event: StreamEvent }
  /** The server is about to stop, or to be replaced: who can is asked to connect again. */
  | { readonly kind: 'moving'; readonly reason: string }
  /** The server stops now. */
  | { readonly kind: 'draining'; readonly reason: string }
  /** Nothing was published or played for as long as that may be. */
  | { readonly kind: 'idle' }

/** To be done for one message stream. */
export type StreamEffect =
  | { readonly kind: 'end-publish'; readonly streamId: number; readonly ending: SessionEnding }
  /** Who was discarded has said goodbye. */
  | { readonly kind: 'end-discard'; readonly streamId: number }
  /** Answer with stream-live or, when it does not come, stream-absent. */
  | { readonly kind: 'await-stream'; readonly streamId: number; readonly streamName: string }
  | {
      readonly kind: 'start-play'
      readonly streamId: number
      readonly streamName: string
      readonly allTracks: boolean
    }
  | { readonly kind: 'pause-play'; readonly streamId: number; readonly paused: boolean }
  | {
      readonly kind: 'receive'
      readonly streamId: number
      readonly medium: 'audio' | 'video'
      readonly wanted: boolean
    }
  | { readonly kind: 'end-play'; readonly streamId: number }

export type SessionEffect =
  | StreamEffect
  | { readonly kind: 'send'; readonly messages: readonly OutgoingMessage[] }
  | {
      readonly kind: 'ask-publish'
      readonly streamId: number
      readonly app: string
      readonly streamKey: string
      readonly encoder: string
    }
  | { readonly kind: 'ask-play'; readonly streamId: number; readonly streamName: string }
  /** Large messages may come from now on. */
  | { readonly kind: 'allow-media' }
  /** After what was sent has left. `fault`: the peer broke the rules. */
  | { readonly kind: 'close'; readonly reason: string; readonly fault: boolean }
