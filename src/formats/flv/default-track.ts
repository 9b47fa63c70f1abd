/**
 * Audio and video as players read them that know FourCCs and no more: the default track alone, without what says
 * that there are others, without modifiers. AVC and AAC come in the form that every player reads. What such a
 * player takes for damage (colours, channel layouts, other tracks) is left out; mpegts.js 1.8, for one, stops at it.
 * Spec: FLV 10.1 §E.4.2, §E.4.3; Enhanced RTMP v2 "Enhanced Audio", "Enhanced Video"
 */
import { AUDIO_PACKET, encodeAacTag, readAudioTag } from './audio-tag.ts'
import { DEFAULT_TRACK, readEnhancedPacket } from './enhanced-packet.ts'
import { AUDIO_TAG, VIDEO_TAG } from './tag-header.ts'
import { encodeVideoTag, readVideoTag, VIDEO_PACKET } from './video-tag.ts'

/** The body itself when it is such already; undefined when nothing of it is for such a player. */
export function defaultTrackBody(type: number, body: Uint8Array): Uint8Array | undefined {
  const first = body[0] ?? 0
  if (type === VIDEO_TAG && first & 0x80) return videoBody(body, first)
  if (type === AUDIO_TAG && first >> 4 === 9) return audioBody(body)
  return body
}

function videoBody(body: Uint8Array, first: number): Uint8Array | undefined {
  const tag = readVideoTag(body)
  if (!tag || tag.packet === 'other') return undefined
  if (tag.codec === 'avc') {
    if (tag.packet === 'sequence-end') return undefined
    const { packet, keyframe, compositionMs } = tag
    const data = body.subarray(tag.dataOffset, tag.dataEnd)
    return encodeVideoTag({ codec: 'avc', packet, keyframe, compositionMs, data })
  }
  return single(body, first & 0xf0, VIDEO_PACKET.multitrack)
}

function audioBody(body: Uint8Array): Uint8Array | undefined {
  const tag = readAudioTag(body)
  if (!tag || tag.packet === 'other') return undefined
  if (tag.codec === 'aac') {
    if (tag.packet === 'sequence-end') return undefined
    return encodeAacTag(tag.packet, body.subarray(tag.dataOffset, tag.dataEnd))
  }
  return single(body, 0x90, AUDIO_PACKET.multitrack)
}

/** `head`: the upper half of the first byte. */
function single(body: Uint8Array, head: number, multitrackType: number): Uint8Array | undefined {
  const packet = readEnhancedPacket(body, multitrackType)
  const track = packet?.tracks.find(({ id }) => id === DEFAULT_TRACK)
  if (!packet || !track) return undefined
  // Nothing was announced before it: it is as it should be.
  if (!packet.multitrack && track.start === 5) return body
  const fourCc = Buffer.from(track.fourCc, 'latin1')
  return Buffer.concat([Buffer.of(head | packet.type), fourCc, body.subarray(track.start, track.end)])
}
