/**
 * Data messages as they are to be recorded and played: the values alone. Encoders send metadata for
 * the server as `"@setDataFrame" "onMetaData" {…}`; the first string is addressed to us and is taken
 * off, byte for byte, for an FLV script tag holds only the name and the value (FLV 10.1 §E.4.4.1).
 * What it carries is not decoded here, but for AMF3 values, which files of old cannot hold and players cannot read:
 * they are written as the same values in AMF0, and only where AMF0 has no word for one of them kept as they came.
 */
import { type AmfLimits, withoutAmf3 } from '../formats/amf0.ts'
import { MalformedError } from '../formats/bytes/malformed-error.ts'
import { joinParts, MESSAGE_TYPE, type RtmpMessage } from '../formats/rtmp/message.ts'
import { DATA, type MediaMessage } from './media-message.ts'

const SET_DATA_FRAME = amfString('@setDataFrame')
const CLEAR_DATA_FRAME = amfString('@clearDataFrame')
const ON_META_DATA = amfString('onMetaData')
const DATA_LIMITS: AmfLimits = { maxDepth: 16, maxElements: 16_384, maxKeyBytes: 1024 }

/** Undefined when there is nothing to keep. */
export function readDataFrame(message: RtmpMessage): MediaMessage | undefined {
  let body = joinParts(message.parts, message.byteLength)
  // AMF3 data messages carry AMF0 behind a zero byte, as AMF3 commands do.
  if (message.type === MESSAGE_TYPE.dataAmf3 && body[0] === 0) body = inAmf0(body.subarray(1))
  if (startsWith(body, CLEAR_DATA_FRAME)) return undefined
  if (startsWith(body, SET_DATA_FRAME)) body = body.subarray(SET_DATA_FRAME.byteLength)
  if (body.byteLength === 0) return undefined
  return { type: DATA, timestampMs: message.timestampMs, parts: [body], byteLength: body.byteLength }
}

function inAmf0(body: Uint8Array): Uint8Array {
  try {
    return withoutAmf3(body, DATA_LIMITS) ?? body
  } catch (error) {
    if (error instanceof MalformedError) return body
    throw error
  }
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
