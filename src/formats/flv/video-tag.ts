/**
 * The beginning of a video tag's body: which codec, which kind of frame, and where the data begins.
 *
 *     legacy     frame:4 codecId:4 [ packetType:8 compositionMs:s24  when AVC or HEVC ] data
 *     enhanced   1:1 frame:3 packetType:4 FourCC [ compositionMs:s24  when avc1, hvc1 or vvc1 frames ] data
 *     modifiers  packetType 7: size-1:8 [size-1:16 when 256] bytes modifier:4 packetType:4, repeated
 *     tracks     packetType 6: layout:4 packetType:4 FourCC, then id:8 [size:24 when many] for each track
 *
 * Spec: FLV 10.1 §E.4.3.1; Enhanced RTMP v2 (2024) "Enhanced Video". HEVC as codec id 12 and AV1 as 13
 * are in no specification, but encoders send them.
 */

export type VideoTagCodec =
  | 'avc'
  | 'hevc'
  | 'av1'
  | 'vp9'
  | 'vp8'
  | 'vvc'
  | 'sorenson'
  | 'vp6'
  | 'screen'
  | 'jpeg'
  | 'unknown'

export interface VideoTag {
  readonly codec: VideoTagCodec
  /**
   * `sequence-start`: the decoder configuration record. `frame`: one coded picture. `sequence-end`: nothing follows.
   * `other`: metadata, commands, tracks beside the first.
   */
  readonly packet: 'sequence-start' | 'frame' | 'sequence-end' | 'other'
  readonly keyframe: boolean
  /** Presentation minus decode time, milliseconds, signed. */
  readonly compositionMs: number
  /** Where the record or the picture begins in the body, and where it ends. */
  readonly dataOffset: number
  readonly dataEnd: number
}

const FRAME_KEY = 1
const FRAME_COMMAND = 5
const LEGACY: Record<number, VideoTagCodec> = {
  1: 'jpeg',
  2: 'sorenson',
  3: 'screen',
  4: 'vp6',
  5: 'vp6',
  6: 'screen',
  7: 'avc',
  12: 'hevc',
  13: 'av1',
}
const FOURCC: Record<string, VideoTagCodec> = {
  avc1: 'avc',
  hvc1: 'hevc',
  av01: 'av1',
  vp09: 'vp9',
  vp08: 'vp8',
  vvc1: 'vvc',
}
const PACKETS = ['sequence-start', 'frame', 'sequence-end', 'frame', 'other', 'other'] as const
const CODED_FRAMES = 1
const MULTITRACK = 6
const MODIFIER = 7

/** Undefined when the body is too short to hold what it announces. Needs only the body's first bytes; `dataEnd` is then theirs. */
export function readVideoTag(body: Uint8Array): VideoTag | undefined {
  const first = body[0]
  if (first === undefined) return undefined
  return first & 0x80 ? readEnhanced(body, first) : readLegacy(body, first)
}

function readLegacy(body: Uint8Array, first: number): VideoTag | undefined {
  const frame = first >> 4
  const codec = LEGACY[first & 0x0f] ?? 'unknown'
  const keyframe = frame === FRAME_KEY
  const dataEnd = body.byteLength
  if (frame === FRAME_COMMAND)
    return { codec, packet: 'other', keyframe: false, compositionMs: 0, dataOffset: 1, dataEnd }
  if (codec !== 'avc' && codec !== 'hevc' && codec !== 'av1') {
    return { codec, packet: 'frame', keyframe, compositionMs: 0, dataOffset: 1, dataEnd }
  }
  if (body.byteLength < 5) return undefined
  const type = body[1] ?? 0
  const packet = type === 0 ? 'sequence-start' : type === 1 ? 'frame' : type === 2 ? 'sequence-end' : 'other'
  return {
    codec,
    packet,
    keyframe,
    compositionMs: packet === 'frame' ? readS24(body, 2) : 0,
    dataOffset: 5,
    dataEnd,
  }
}

function readEnhanced(body: Uint8Array, first: number): VideoTag | undefined {
  let at = 1
  let type = first & 0x0f
  const keyframe = ((first >> 4) & 0x07) === FRAME_KEY
  while (type === MODIFIER) {
    let size = (body[at++] ?? 0) + 1
    if (size === 256) {
      size = (((body[at] ?? 0) << 8) | (body[at + 1] ?? 0)) + 1
      at += 2
    }
    at += size
    if (at >= body.byteLength) return undefined
    type = (body[at++] ?? 0) & 0x0f
  }
  const ignored = {
    codec: 'unknown',
    packet: 'other',
    keyframe: false,
    compositionMs: 0,
    dataOffset: at,
    dataEnd: body.byteLength,
  } as const
  if (((first >> 4) & 0x07) === FRAME_COMMAND) return ignored
  let layout: number | undefined
  if (type === MULTITRACK) {
    layout = (body[at] ?? 0) >> 4
    type = (body[at++] ?? 0) & 0x0f
    // Each track with its own codec: alternatives for players, which a recording keeps and packaging leaves.
    if (layout > 1) return ignored
  }
  if (at + 4 > body.byteLength) return undefined
  const codec = FOURCC[String.fromCharCode(...body.subarray(at, at + 4))] ?? 'unknown'
  at += 4
  let dataEnd = body.byteLength
  if (layout !== undefined) {
    if ((body[at++] ?? 0) !== 0) return ignored
    if (layout === 1) {
      dataEnd = Math.min(dataEnd, at + 3 + readU24(body, at))
      at += 3
    }
  }
  let compositionMs = 0
  if (type === CODED_FRAMES && (codec === 'avc' || codec === 'hevc' || codec === 'vvc')) {
    compositionMs = readS24(body, at)
    at += 3
  }
  if (at > body.byteLength) return undefined
  return { codec, packet: PACKETS[type] ?? 'other', keyframe, compositionMs, dataOffset: at, dataEnd }
}

function readU24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
}

function readS24(bytes: Uint8Array, at: number): number {
  return (readU24(bytes, at) << 8) >> 8
}

/** A legacy AVC or HEVC body: for writing files from packets we have. */
export function encodeVideoTag(tag: {
  readonly codec: 'avc' | 'hevc'
  readonly packet: 'sequence-start' | 'frame'
  readonly keyframe: boolean
  readonly compositionMs: number
  readonly data: Uint8Array
}): Buffer {
  const body = Buffer.alloc(5 + tag.data.byteLength)
  body[0] = ((tag.keyframe ? FRAME_KEY : 2) << 4) | (tag.codec === 'avc' ? 7 : 12)
  body[1] = tag.packet === 'sequence-start' ? 0 : 1
  body.writeIntBE(tag.compositionMs, 2, 3)
  body.set(tag.data, 5)
  return body
}
