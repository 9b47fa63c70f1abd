/** What a message is, told by its first bytes: asked of every one, so that most cost nothing more. */
import { AUDIO_PACKET } from '../formats/flv/audio-tag.ts'
import { mayStand, readStanding, type Standing } from '../formats/flv/standing-message.ts'
import { readVideoTag, VIDEO_PACKET } from '../formats/flv/video-tag.ts'
import { isMetadata } from './data-frame.ts'
import { AUDIO, DATA, type MediaMessage, VIDEO } from './media-message.ts'

/**
 * `header`: a decoder configuration, or what else holds for all that follow. `metadata`: onMetaData.
 * `sync`: a keyframe of the default track, decoding can start here. `frame`: everything else.
 */
export type FrameKind = 'header' | 'metadata' | 'sync' | 'frame'

export interface FrameNote {
  readonly type: MediaMessage['type']
  readonly kind: FrameKind
  /** A copy of the whole body of a header and of metadata; else at least the body's beginning, valid during the call. */
  readonly head: Buffer | Uint8Array
  /** Of a header: what it stands for. */
  readonly standing: Standing | undefined
  /** A picture of the default track, or what belongs to it. */
  readonly picture: boolean
}

/** Enough for the heads of tags, modifiers and the names of data messages included. */
const HEAD_BYTES = 64

export function readNote(message: MediaMessage): FrameNote {
  const { type } = message
  const head = headOf(message)
  if (type === DATA) {
    if (!isMetadata(head)) return { type, kind: 'frame', head, standing: undefined, picture: false }
    return { type, kind: 'metadata', head: joined(message), standing: undefined, picture: false }
  }
  const tag = type === VIDEO ? readVideoTag(head) : undefined
  const enhanced = ((head[0] ?? 0) & 0x80) !== 0
  const picture = type === VIDEO && (!enhanced || (tag !== undefined && tag.packet !== 'other'))
  if (mayStand(type, head)) {
    const body = joined(message)
    const standing = readStanding(type, body)
    if (standing) return { type, kind: 'header', head: body, standing, picture }
  }
  const kind = tag?.keyframe && tag.packet === 'frame' ? 'sync' : 'frame'
  return { type, kind, head, standing: undefined, picture }
}

function headOf(message: MediaMessage): Uint8Array {
  const [first] = message.parts
  if (!first || mayHoldTracks(message.type, first[0] ?? 0)) return joined(message)
  return first.byteLength >= HEAD_BYTES || message.parts.length === 1 ? first : joined(message)
}

/** Of packets that hold several tracks, or are modified so that they may, nothing is known without the whole. */
function mayHoldTracks(type: number, first: number): boolean {
  if (type === VIDEO) return (first & 0x80) !== 0 && (first & 0x0f) >= VIDEO_PACKET.multitrack
  return type === AUDIO && first >> 4 === 9 && (first & 0x0f) >= AUDIO_PACKET.multitrack
}

function joined({ parts, byteLength }: MediaMessage): Buffer {
  return Buffer.concat(parts, byteLength)
}
