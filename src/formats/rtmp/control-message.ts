/**
 * Protocol control and user control messages, those that concern the connection rather than chunks
 * (Set Chunk Size and Abort are obeyed by ChunkReader).
 *
 *     type 3 Acknowledgement      sequence:32     type 4 User Control   event:16 data
 *     type 5 Window Ack Size      size:32         type 6 Set Peer Bandwidth   size:32 limit:8
 *
 * Spec: RTMP 1.0 (21 Dec 2012) §5.4, §6.2, §7.1.7
 */
import { ByteReader } from '../bytes/byte-reader.ts'
import { ByteWriter } from '../bytes/byte-writer.ts'
import { MESSAGE_TYPE, type OutgoingMessage } from './message.ts'

export type ControlMessage =
  | { readonly kind: 'acknowledgement'; readonly sequence: number }
  | { readonly kind: 'window-ack-size'; readonly bytes: number }
  | { readonly kind: 'peer-bandwidth'; readonly bytes: number; readonly limit: number }
  | { readonly kind: 'set-buffer-length'; readonly streamId: number; readonly bufferMs: number }
  | { readonly kind: 'ping-request' | 'ping-response'; readonly timestampMs: number }
  | { readonly kind: 'other'; readonly event: number }

const EVENT = { streamBegin: 0, streamEof: 1, setBufferLength: 3, pingRequest: 6, pingResponse: 7 } as const
const CONTROL_CSID = 2

/** Throws MalformedError when the body is too short for what it says it is. */
export function readControlMessage(type: number, body: Uint8Array): ControlMessage | undefined {
  const reader = new ByteReader(body)
  switch (type) {
    case MESSAGE_TYPE.acknowledgement:
      return { kind: 'acknowledgement', sequence: reader.readU32() }
    case MESSAGE_TYPE.windowAckSize:
      return { kind: 'window-ack-size', bytes: reader.readU32() }
    case MESSAGE_TYPE.setPeerBandwidth:
      return { kind: 'peer-bandwidth', bytes: reader.readU32(), limit: reader.readU8() }
    case MESSAGE_TYPE.userControl:
      return readUserControl(reader)
    default:
      return undefined
  }
}

function readUserControl(reader: ByteReader): ControlMessage {
  const event = reader.readU16()
  switch (event) {
    case EVENT.setBufferLength:
      return { kind: 'set-buffer-length', streamId: reader.readU32(), bufferMs: reader.readU32() }
    case EVENT.pingRequest:
      return { kind: 'ping-request', timestampMs: reader.readU32() }
    case EVENT.pingResponse:
      return { kind: 'ping-response', timestampMs: reader.readU32() }
    default:
      return { kind: 'other', event }
  }
}

export function setChunkSize(bytes: number): OutgoingMessage {
  return control(MESSAGE_TYPE.setChunkSize, new ByteWriter().writeU32(bytes))
}

/** `received`: all bytes since the connection's start, handshake included; wraps at 32 bits. */
export function acknowledgement(received: number): OutgoingMessage {
  return control(MESSAGE_TYPE.acknowledgement, new ByteWriter().writeU32(received >>> 0))
}

export function windowAckSize(bytes: number): OutgoingMessage {
  return control(MESSAGE_TYPE.windowAckSize, new ByteWriter().writeU32(bytes))
}

/** Limit type 2, dynamic. §5.4.5 */
export function setPeerBandwidth(bytes: number): OutgoingMessage {
  return control(MESSAGE_TYPE.setPeerBandwidth, new ByteWriter().writeU32(bytes).writeU8(2))
}

export function streamBegin(streamId: number): OutgoingMessage {
  return userControl(EVENT.streamBegin, streamId)
}

export function streamEof(streamId: number): OutgoingMessage {
  return userControl(EVENT.streamEof, streamId)
}

/** The peer answers with the same timestamp. */
export function pingRequest(timestampMs: number): OutgoingMessage {
  return userControl(EVENT.pingRequest, timestampMs >>> 0)
}

export function pingResponse(timestampMs: number): OutgoingMessage {
  return userControl(EVENT.pingResponse, timestampMs)
}

function userControl(event: number, value: number): OutgoingMessage {
  return control(MESSAGE_TYPE.userControl, new ByteWriter().writeU16(event).writeU32(value))
}

function control(type: number, body: ByteWriter): OutgoingMessage {
  return { csid: CONTROL_CSID, type, timestampMs: 0, streamId: 0, body: body.finish() }
}
