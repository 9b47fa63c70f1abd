/**
 * Our answers to commands, and the status messages of a stream.
 * Spec: RTMP 1.0 (21 Dec 2012) §7.2.1.1, §7.2.2; Enhanced RTMP v2 "Reconnect Request"
 */
import { type AmfObject, type AmfValue, encodeAmf0Values } from '../amf0.ts'
import { CAPABILITY } from './command-message.ts'
import { MESSAGE_TYPE, type OutgoingMessage } from './message.ts'

const CONNECTION_CSID = 3
const STATUS_CSID = 5
/** The dialect spoken, by the server that defined it: clients look at the number. */
const SERVER_PROPERTIES = { fmsVer: 'FMS/3,5,7,7009', capabilities: 31, mode: 1 }

export interface StreamStatus {
  readonly level: 'status' | 'error'
  /** Such as "NetStream.Publish.Start". */
  readonly code: string
  /** For the person at the encoder or player: ffmpeg prints it, OBS logs it. */
  readonly description: string
}

/** What we take by FourCC: whatever comes is recorded and sent on. Some clients look for names, so they are given too. */
const VIDEO_FOURCCS = ['avc1', 'hvc1', 'av01', 'vp09', 'vp08', 'vvc1']
const AUDIO_FOURCCS = ['mp4a', 'Opus', 'fLaC', 'ac-3', 'ec-3', '.mp3']
/** Spec: Enhanced RTMP v2 "Enhancing NetConnection connect Command", FourCcInfoMask */
const CAN_FORWARD = 0x04
const ENHANCED_SERVER: AmfObject = {
  fourCcList: [...VIDEO_FOURCCS, ...AUDIO_FOURCCS],
  videoFourCcInfoMap: forwarded(VIDEO_FOURCCS),
  audioFourCcInfoMap: forwarded(AUDIO_FOURCCS),
  // Offsets in nanoseconds are recorded as they come; what is played is timed in milliseconds, so no word of them.
  capsEx: CAPABILITY.reconnect | CAPABILITY.multitrack | CAPABILITY.modEx,
}

function forwarded(fourCcs: readonly string[]): AmfObject {
  return Object.fromEntries(['*', ...fourCcs].map((fourCc) => [fourCc, CAN_FORWARD]))
}

/** `enhanced`: the client speaks Enhanced RTMP, so it is told that we do; it may look in either object. */
export function connectAccepted(transactionId: number, enhanced: boolean): OutgoingMessage {
  const capabilities = enhanced ? ENHANCED_SERVER : {}
  const info: AmfObject = {
    level: 'status',
    code: 'NetConnection.Connect.Success',
    description: 'Connection accepted.',
    // AMF0, whatever was asked for: then every client sends AMF0.
    objectEncoding: 0,
    ...capabilities,
  }
  return command(0, ['_result', transactionId, { ...SERVER_PROPERTIES, ...capabilities }, info])
}

/** `InvalidApp`: there can be no application of that name. */
export function connectRejected(
  transactionId: number,
  cause: 'Rejected' | 'InvalidApp',
  description: string,
): OutgoingMessage {
  const info = { level: 'error', code: `NetConnection.Connect.${cause}`, description }
  return command(0, ['_error', transactionId, null, info])
}

/** Of the connection, not of one of its streams. `AppShutdown` is an error, the others are only said. */
export function connectionStatus(
  event: 'Closed' | 'AppShutdown' | 'ReconnectRequest',
  description: string,
): OutgoingMessage {
  const level = event === 'AppShutdown' ? 'error' : 'status'
  return onStatus(0, { level, code: `NetConnection.Connect.${event}`, description })
}

export function streamCreated(transactionId: number, streamId: number): OutgoingMessage {
  return command(0, ['_result', transactionId, null, streamId])
}

/** The empty answer, for commands that only want to be heard. */
export function result(transactionId: number, value: AmfValue = undefined): OutgoingMessage {
  return command(0, ['_result', transactionId, null, value])
}

export function callFailed(
  transactionId: number,
  description: string,
  code = 'NetConnection.Call.Failed',
): OutgoingMessage {
  const info = { level: 'error', code, description }
  return command(0, ['_error', transactionId, null, info])
}

export function onStatus(streamId: number, status: StreamStatus): OutgoingMessage {
  const { level, code, description } = status
  return command(streamId, ['onStatus', 0, null, { level, code, description }])
}

function command(streamId: number, values: readonly AmfValue[]): OutgoingMessage {
  return {
    csid: streamId === 0 ? CONNECTION_CSID : STATUS_CSID,
    type: MESSAGE_TYPE.command,
    timestampMs: 0,
    streamId,
    body: encodeAmf0Values(values),
  }
}
