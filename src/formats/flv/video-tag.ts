/**
 * The beginning of a video tag's body: which codec, which kind of frame, and where the data begins.
 *
 *     legacy     frame:4 codecId:4 [ packetType:8 compositionMs:s24  when AVC or HEVC ] data
 *     enhanced   1:1 frame:3 packetType:4, modifiers and tracks as in enhanced-packet.ts, FourCC,
 *                [ compositionMs:s24  when avc1, hvc1 or vvc1 CodedFrames ] data
 *     command    frame 5, legacy or enhanced (unless Metadata): a seek mark, no picture
 *
 * Of several tracks the default one is read; of the others standing-message.ts knows what is to be kept.
 * Spec: FLV 10.1 §E.4.3.1; Enhanced RTMP v2 "Enhanced Video". HEVC as codec id 12 and AV1 as 13 are in no
 * specification, but encoders send them.
 */
import { DEFAULT_TRACK, readEnhancedPacket, readModifiers } from './enhanced-packet.ts'

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
   * `other`: metadata, commands, tracks beside the default one.
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
/** Spec: Enhanced RTMP v2 "Enhanced Video", VideoPacketType */
export const VIDEO_PACKET = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  codedFramesX: 3,
  metadata: 4,
  mpeg2TsSequenceStart: 5,
  multitrack: 6,
} as const
const PACKETS = ['sequence-start', 'frame', 'sequence-end', 'frame'] as const

/**
 * Undefined when the body is too short to hold what it announces. Needs only the body's first bytes, unless it holds
 * several tracks; `dataEnd` is then theirs.
 */
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
  const frame = (first >> 4) & 0x07
  const dataEnd = body.byteLength
  const ignored = { codec: 'unknown', packet: 'other', keyframe: false, compositionMs: 0, dataEnd } as const
  if (frame === FRAME_COMMAND) {
    const modified = readModifiers(body)
    if (modified && modified.type !== VIDEO_PACKET.metadata) return { ...ignored, dataOffset: modified.at }
  }
  const packet = readEnhancedPacket(body, VIDEO_PACKET.multitrack)
  if (!packet) return undefined
  const track = packet.tracks.find(({ id }) => id === DEFAULT_TRACK)
  if (!track) return { ...ignored, dataOffset: dataEnd }
  const codec = FOURCC[track.fourCc] ?? 'unknown'
  const timed =
    packet.type === VIDEO_PACKET.codedFrames && (codec === 'avc' || codec === 'hevc' || codec === 'vvc')
  const dataOffset = timed ? track.start + 3 : track.start
  if (dataOffset > track.end) return undefined
  return {
    codec,
    packet: PACKETS[packet.type] ?? 'other',
    keyframe: frame === FRAME_KEY,
    compositionMs: timed ? readS24(body, track.start) : 0,
    dataOffset,
    dataEnd: track.end,
  }
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
