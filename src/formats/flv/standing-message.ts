/**
 * Messages that hold for all that follow, until another of the same kind for the same tracks: decoder
 * configurations, colours, channel layouts. Who begins in the middle (a viewer who joins, a new part of a
 * recording) needs the last of each.
 * Spec: FLV 10.1 §E.4.2, §E.4.3; Enhanced RTMP v2 "Enhanced Audio", "Enhanced Video", "Metadata Frame"
 */
import { AUDIO_PACKET, readAudioTag } from './audio-tag.ts'
import { DEFAULT_TRACK, readEnhancedPacket, readModifiers } from './enhanced-packet.ts'
import { AUDIO_TAG, VIDEO_TAG } from './tag-header.ts'
import { readVideoTag, VIDEO_PACKET } from './video-tag.ts'

export interface Standing {
  /** The one before with the same key holds no longer. Such as "video configuration 0". */
  readonly key: string
  /** A decoder configuration; else advice that decoders can do without. */
  readonly configuration: boolean
}

type Subject = 'configuration' | 'colours' | 'channels'

const VIDEO_SUBJECTS: Record<number, Subject> = {
  [VIDEO_PACKET.sequenceStart]: 'configuration',
  [VIDEO_PACKET.mpeg2TsSequenceStart]: 'configuration',
  [VIDEO_PACKET.metadata]: 'colours',
}
const AUDIO_SUBJECTS: Record<number, Subject> = {
  [AUDIO_PACKET.sequenceStart]: 'configuration',
  [AUDIO_PACKET.multichannelConfig]: 'channels',
}

/** Packet types that are not kept: coded frames and ends. */
const VIDEO_FRAMES: readonly number[] = [
  VIDEO_PACKET.sequenceEnd,
  VIDEO_PACKET.codedFrames,
  VIDEO_PACKET.codedFramesX,
]
const AUDIO_FRAMES: readonly number[] = [AUDIO_PACKET.codedFrames, AUDIO_PACKET.sequenceEnd]

/**
 * A quick look at the body's beginning, since this is asked of every message. True for a few that turn out
 * to be frames, and where too little is there to tell.
 */
export function mayStand(type: number, beginning: Uint8Array): boolean {
  const first = beginning[0]
  if (first === undefined) return false
  if (type === VIDEO_TAG && first & 0x80)
    return mayStandEnhanced(beginning, VIDEO_FRAMES, VIDEO_PACKET.multitrack)
  if (type === AUDIO_TAG && first >> 4 === 9)
    return mayStandEnhanced(beginning, AUDIO_FRAMES, AUDIO_PACKET.multitrack)
  // Legacy codecs with a configuration say by their second byte whether this is one.
  const second = beginning[1]
  return (second === undefined || second === 0) && (type === VIDEO_TAG || first >> 4 === 10)
}

function mayStandEnhanced(beginning: Uint8Array, frames: readonly number[], multitrackType: number): boolean {
  const modified = readModifiers(beginning)
  if (!modified) return true
  if (modified.type !== multitrackType) return !frames.includes(modified.type)
  const layout = beginning[modified.at]
  return layout === undefined || !frames.includes(layout & 0x0f)
}

/** Undefined for all other messages. `type`: of the tag; `body`: whole. */
export function readStanding(type: number, body: Uint8Array): Standing | undefined {
  if (type === VIDEO_TAG) {
    const tag = readVideoTag(body)
    if (!tag || tag.packet === 'frame' || tag.packet === 'sequence-end') return undefined
    const enhanced = ((body[0] ?? 0) & 0x80) !== 0
    return enhanced ? readEnhanced('video', body) : standing('video', tag.packet)
  }
  if (type !== AUDIO_TAG) return undefined
  const tag = readAudioTag(body)
  if (!tag || tag.packet === 'frame' || tag.packet === 'sequence-end') return undefined
  return (body[0] ?? 0) >> 4 === 9 ? readEnhanced('audio', body) : standing('audio', tag.packet)
}

function standing(medium: 'video' | 'audio', packet: 'sequence-start' | 'other'): Standing | undefined {
  if (packet !== 'sequence-start') return undefined
  return { key: `${medium} configuration ${DEFAULT_TRACK}`, configuration: true }
}

function readEnhanced(medium: 'video' | 'audio', body: Uint8Array): Standing | undefined {
  const video = medium === 'video'
  const packet = readEnhancedPacket(body, video ? VIDEO_PACKET.multitrack : AUDIO_PACKET.multitrack)
  const subject = packet && (video ? VIDEO_SUBJECTS : AUDIO_SUBJECTS)[packet.type]
  if (!subject) return undefined
  // A command frame holds no packet, unless it is metadata, whose frame type counts for nothing.
  if (video && (((body[0] ?? 0) >> 4) & 7) === 5 && subject !== 'colours') return undefined
  const ids = packet.tracks.map(({ id }) => id)
  return { key: `${medium} ${subject} ${ids.join('+')}`, configuration: subject === 'configuration' }
}
