/**
 * Data messages as they are to be recorded and played: the values alone. Encoders send metadata for
 * the server as `"@setDataFrame" "onMetaData" {…}`; the first string is addressed to us and is taken
 * off, byte for byte, for an FLV script tag holds only the name and the value (FLV 10.1 §E.4.4.1).
 * What it carries is not decoded here.
 */
import { joinParts, MESSAGE_TYPE, type RtmpMessage } from '../formats/rtmp/message.ts'
import { DATA, type MediaMessage } from './media-message.ts'

const SET_DATA_FRAME = amfString('@setDataFrame')
const CLEAR_DATA_FRAME = amfString('@clearDataFrame')
const ON_META_DATA = amfString('onMetaData')

/** Undefined when there is nothing to keep. */
export function readDataFrame(message: RtmpMessage): MediaMessage | undefined {
  let body = joinParts(message.parts, message.byteLength)
  // AMF3 data messages carry AMF0 behind a zero byte, as AMF3 commands do.
  if (message.type === MESSAGE_TYPE.dataAmf3 && body[0] === 0) body = body.subarray(1)
  if (startsWith(body, CLEAR_DATA_FRAME)) return undefined
  if (startsWith(body, SET_DATA_FRAME)) body = body.subarray(SET_DATA_FRAME.byteLength)
  if (body.byteLength === 0) return undefined
  return { type: DATA, timestampMs: message.timestampMs, parts: [body], byteLength: body.byteLength }
}

/** `body`: of a data message as `readDataFrame` gives it. */
export function isMetadata(body: Uint8Array): boolean {
  return startsWith(body, ON_META_DATA)
}

function amfString(text: string): Uint8Array {
  return Buffer.concat([Buffer.of(0x02, 0, text.length), Buffer.from(text)])
}

function startsWith(body: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, i) => body[i] === byte)
}
