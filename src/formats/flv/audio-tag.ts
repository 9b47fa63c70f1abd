/**
 * The beginning of an audio tag's body.
 *
 *     legacy     format:4 rate:2 size:1 stereo:1 [ packetType:8 when AAC ] data
 *     enhanced   9:4 packetType:4, modifiers and tracks as in enhanced-packet.ts, FourCC data
 *
 * Of several tracks the default one is read; of the others standing-message.ts knows what is to be kept.
 * Spec: FLV 10.1 §E.4.2.1; Enhanced RTMP v2 "Enhanced Audio". Opus as format 13 is in no specification,
 * but encoders send it.
 */
import { DEFAULT_TRACK, readEnhancedPacket } from './enhanced-packet.ts'

export type AudioTagCodec =
  | 'aac'
  | 'mp3'
  | 'opus'
  | 'flac'
  | 'ac3'
  | 'eac3'
  | 'pcm'
  | 'adpcm'
  | 'nellymoser'
  | 'g711a'
  | 'g711u'
  | 'speex'
  | 'unknown'

export interface AudioTag {
  readonly codec: AudioTagCodec
  /** `sequence-start`: the decoder configuration (AudioSpecificConfig for AAC). `frame`: coded audio. */
  readonly packet: 'sequence-start' | 'frame' | 'sequence-end' | 'other'
  /** From the legacy header: rough for anything but PCM and MP3, absent in the enhanced one. */
  readonly sampleRate: number | undefined
  readonly channels: number | undefined
  readonly dataOffset: number
  readonly dataEnd: number
}

const LEGACY: Record<number, AudioTagCodec> = {
  0: 'pcm',
  1: 'adpcm',
  2: 'mp3',
  3: 'pcm',
  4: 'nellymoser',
  5: 'nellymoser',
  6: 'nellymoser',
  7: 'g711a',
  8: 'g711u',
  10: 'aac',
  11: 'speex',
  13: 'opus',
  14: 'mp3',
}
const FOURCC: Record<string, AudioTagCodec> = {
  mp4a: 'aac',
  Opus: 'opus',
  fLaC: 'flac',
  'ac-3': 'ac3',
  'ec-3': 'eac3',
  '.mp3': 'mp3',
}
const RATES = [5512, 11_025, 22_050, 44_100] as const
const ENHANCED = 9
/** Spec: Enhanced RTMP v2 "Enhanced Audio", AudioPacketType */
export const AUDIO_PACKET = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  multichannelConfig: 4,
  multitrack: 5,
} as const
const PACKETS = ['sequence-start', 'frame', 'sequence-end'] as const

/**
 * Undefined when the body is too short to hold what it announces. Needs only the body's first bytes, unless it holds
 * several tracks; `dataEnd` is then theirs.
 */
export function readAudioTag(body: Uint8Array): AudioTag | undefined {
  const first = body[0]
  if (first === undefined) return undefined
  const dataEnd = body.byteLength
  const format = first >> 4
  if (format === ENHANCED) return readEnhanced(body)
  const codec = LEGACY[format] ?? 'unknown'
  const described = { codec, sampleRate: RATES[(first >> 2) & 3], channels: first & 1 ? 2 : 1, dataEnd }
  if (codec !== 'aac') return { ...described, packet: 'frame', dataOffset: 1 }
  if (body.byteLength < 2) return undefined
  return {
    ...described,
    packet: body[1] === 0 ? 'sequence-start' : body[1] === 1 ? 'frame' : 'other',
    dataOffset: 2,
  }
}

function readEnhanced(body: Uint8Array): AudioTag | undefined {
  const packet = readEnhancedPacket(body, AUDIO_PACKET.multitrack)
  if (!packet) return undefined
  const rest = { sampleRate: undefined, channels: undefined } as const
  const track = packet.tracks.find(({ id }) => id === DEFAULT_TRACK)
  if (!track) {
    const { byteLength } = body
    return { ...rest, codec: 'unknown', packet: 'other', dataOffset: byteLength, dataEnd: byteLength }
  }
  return {
    ...rest,
    codec: FOURCC[track.fourCc] ?? 'unknown',
    packet: PACKETS[packet.type] ?? 'other',
    dataOffset: track.start,
    dataEnd: track.end,
  }
}

/** A legacy AAC body: for writing files from packets we have. */
export function encodeAacTag(packet: 'sequence-start' | 'frame', data: Uint8Array): Buffer {
  const body = Buffer.alloc(2 + data.byteLength)
  // 44 kHz, 16 bits, stereo: fixed for AAC, the AudioSpecificConfig tells. Spec: FLV 10.1 §E.4.2.1
  body[0] = 0xaf
  body[1] = packet === 'sequence-start' ? 0 : 1
  body.set(data, 2)
  return body
}
