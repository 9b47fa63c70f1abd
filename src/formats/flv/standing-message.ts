/**
 * Messages that hold for all that follow, until another of the same kind for the same tracks: decoder
 * configurations, colours, channel layouts. Who begins in the middle (a viewer who joins, a new part of a
 * recording) needs the last of each.
 * Spec: FLV 10.1 §E.4.2, §E.4.3; Enhanced RTMP v2 "Enhanced Audio", "Enhanced Video", "Metadata Frame"
 */
import { AUDIO_PACKET, readAudioTag } from './audio-tag.ts'
import { DEFAULT_TRACK, readEnhancedPacket } from './enhanced-packet.ts'
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
