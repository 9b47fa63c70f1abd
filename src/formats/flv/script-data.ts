/**
 * Script tags: a name and a value in AMF0, of which `onMetaData` describes the stream.
 * `@setDataFrame` before it is RTMP's way to say "keep this for those who come later"; files have it too
 * when they hold the messages as they came.
 * Spec: FLV 10.1 §E.4.4, §E.5
 */
import { type AmfObject, type AmfValue, EcmaArray, encodeAmf0Values, readAmf0Values } from '../amf0.ts'

/** Undefined when this is something else, or damaged: metadata is advice, never needed. */
export function readMetadata(body: Uint8Array): AmfObject | undefined {
  let values: AmfValue[]
  try {
    values = readAmf0Values(body)
  } catch {
    return undefined
  }
  const [name, ...rest] = values[0] === '@setDataFrame' ? values.slice(1) : values
  const value = rest[0]
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return name === 'onMetaData' && isObject ? (value as AmfObject) : undefined
}

export function encodeMetadata(entries: AmfObject): Buffer {
  return encodeAmf0Values(['onMetaData', new EcmaArray(entries)])
}

/** A finite number from metadata, or undefined. */
export function metadataNumber(metadata: AmfObject | undefined, name: string): number | undefined {
  const value = metadata?.[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
