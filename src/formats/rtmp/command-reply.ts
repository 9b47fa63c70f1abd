/**
 * Our answers to commands, and the status messages of a stream.
 * Spec: RTMP 1.0 (21 Dec 2012) §7.2.1.1, §7.2.2.
 */
import { type AmfObject, type AmfValue, encodeAmf0Values } from '../amf0.ts'
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

export function connectAccepted(
  transactionId: number,
  fourCcs: readonly string[] | undefined,
): OutgoingMessage {
  const info: AmfObject = {
    level: 'status',
    code: 'NetConnection.Connect.Success',
    description: 'Connection accepted.',
    // AMF0, whatever was asked for: then every client sends AMF0.
    objectEncoding: 0,
    ...(fourCcs && { fourCcList: fourCcs }),
  }
  return command(0, ['_result', transactionId, SERVER_PROPERTIES, info])
}

export function connectRejected(transactionId: number, description: string): OutgoingMessage {
  const info = { level: 'error', code: 'NetConnection.Connect.Rejected', description }
  return command(0, ['_error', transactionId, null, info])
}

export function streamCreated(transactionId: number, streamId: number): OutgoingMessage {
  return command(0, ['_result', transactionId, null, streamId])
}

/** The empty answer, for commands that only want to be heard. */
export function result(transactionId: number, value: AmfValue = undefined): OutgoingMessage {
  return command(0, ['_result', transactionId, null, value])
}

export function callFailed(transactionId: number, description: string): OutgoingMessage {
  const info = { level: 'error', code: 'NetConnection.Call.Failed', description }
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
