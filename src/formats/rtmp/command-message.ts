/**
 * Commands that encoders and players send: a name, a transaction id, an object, arguments, in AMF0.
 *
 *     type 20   "publish" 5 null "key" "live"
 *     type 17   00, then the same: AMF0 within an AMF3 message, each value AMF3 where marker 11 says so
 *
 * Every field is taken leniently, for encoders differ: what is absent or of another type becomes empty.
 * Spec: RTMP 1.0 (21 Dec 2012) §7.2. releaseStream, FCPublish and FCUnpublish are Flash Media Live
 * Encoder's; fourCcList, the FourCcInfoMaps and capsEx are Enhanced RTMP v2 "Enhancing NetConnection connect Command".
 */
import { type AmfObject, type AmfValue, readAmf0Values } from '../amf0.ts'
import { MalformedError } from '../bytes/malformed-error.ts'
import { MESSAGE_TYPE } from './message.ts'

interface Call {
  /** 0: no answer is expected. */
  readonly transactionId: number
}

export interface ConnectCommand extends Call {
  readonly kind: 'connect'
  readonly app: string
  readonly encoder: string
  /** What the client said of itself in the terms of Enhanced RTMP; undefined when it said nothing. */
  readonly enhanced: EnhancedClient | undefined
}

export interface EnhancedClient {
  /** It obeys a reconnect request. */
  readonly reconnect: boolean
  /** It understands messages of several tracks. */
  readonly multitrack: boolean
}

export type Command =
  | ConnectCommand
  | (Call & { readonly kind: 'create-stream' | 'close-stream' | 'stream-length' })
  | (Call & { readonly kind: 'release-stream' | 'fc-publish' | 'fc-unpublish'; readonly streamName: string })
  | (Call & { readonly kind: 'publish' | 'play'; readonly streamName: string })
  | (Call & { readonly kind: 'delete-stream'; readonly streamId: number })
  | (Call & { readonly kind: 'pause'; readonly paused: boolean })
  | (Call & { readonly kind: 'receive'; readonly medium: 'audio' | 'video'; readonly wanted: boolean })
  | (Call & { readonly kind: 'seek' | 'play2' })
  | (Call & { readonly kind: 'other'; readonly name: string })

/** Spec: Enhanced RTMP v2 "Enhancing NetConnection connect Command", CapsExMask */
export const CAPABILITY = { reconnect: 0x01, multitrack: 0x02, modEx: 0x04 } as const

/** `type` 20 or 17. Throws MalformedError. */
export function readCommand(type: number, body: Uint8Array): Command {
  const amf0 = type === MESSAGE_TYPE.commandAmf3 && body[0] === 0 ? body.subarray(1) : body
  const [name, id, object, ...args] = readAmf0Values(amf0)
  if (typeof name !== 'string') throw new MalformedError('a command without a name')
  const transactionId = typeof id === 'number' ? id : 0
  switch (name) {
    case 'connect':
      return readConnect(transactionId, object)
    case 'createStream':
      return { kind: 'create-stream', transactionId }
    case 'closeStream':
      return { kind: 'close-stream', transactionId }
    case 'deleteStream':
      return { kind: 'delete-stream', transactionId, streamId: typeof args[0] === 'number' ? args[0] : 0 }
    case 'getStreamLength':
      return { kind: 'stream-length', transactionId }
    case 'releaseStream':
      return { kind: 'release-stream', transactionId, streamName: text(args[0]) }
    case 'FCPublish':
      return { kind: 'fc-publish', transactionId, streamName: text(args[0]) }
    case 'FCUnpublish':
      return { kind: 'fc-unpublish', transactionId, streamName: text(args[0]) }
    case 'publish':
      // `publish(false)` is how some encoders stop.
      if (args[0] === false) return { kind: 'close-stream', transactionId }
      return { kind: 'publish', transactionId, streamName: text(args[0]) }
    case 'play':
      if (args[0] === false) return { kind: 'close-stream', transactionId }
      return { kind: 'play', transactionId, streamName: text(args[0]) }
    case 'pause':
      return { kind: 'pause', transactionId, paused: args[0] === true }
    case 'receiveAudio':
      return { kind: 'receive', transactionId, medium: 'audio', wanted: args[0] !== false }
    case 'receiveVideo':
      return { kind: 'receive', transactionId, medium: 'video', wanted: args[0] !== false }
    case 'seek':
      return { kind: 'seek', transactionId }
    case 'play2':
      return { kind: 'play2', transactionId }
    default:
      return { kind: 'other', transactionId, name }
  }
}

function readConnect(transactionId: number, value: AmfValue): ConnectCommand {
  const object = isObject(value) ? value : {}
  const { app, flashVer } = object
  return {
    kind: 'connect',
    transactionId,
    app: text(app),
    encoder: text(flashVer),
    enhanced: readEnhanced(object),
  }
}

function readEnhanced(object: AmfObject): EnhancedClient | undefined {
  const { fourCcList, videoFourCcInfoMap, audioFourCcInfoMap, capsEx } = object
  const said = Array.isArray(fourCcList) || isObject(videoFourCcInfoMap) || isObject(audioFourCcInfoMap)
  if (!said && typeof capsEx !== 'number') return undefined
  const flags = typeof capsEx === 'number' ? capsEx : 0
  return {
    reconnect: (flags & CAPABILITY.reconnect) !== 0,
    multitrack: (flags & CAPABILITY.multitrack) !== 0,
  }
}

function isObject(value: AmfValue): value is AmfObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** A name that looks like a number is sent as one by some encoders. */
function text(value: AmfValue): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}
