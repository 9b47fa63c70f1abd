/**
 * The beginning of an audio tag's body.
 *
 *     legacy     format:4 rate:2 size:1 stereo:1 [ packetType:8 when AAC ] data
 *     enhanced   9:4 packetType:4 FourCC data; modifiers and tracks as in video-tag.ts
 *
 * Spec: FLV 10.1 §E.4.2.1; Enhanced RTMP v2 (2024) "Enhanced Audio". Opus as format 13 is in no
 * specification, but encoders send it.
 */

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
const PACKETS = ['sequence-start', 'frame', 'sequence-end'] as const
const MULTITRACK = 5
const MODIFIER = 7

/** Undefined when the body is too short to hold what it announces. Needs only the body's first bytes. */
export function readAudioTag(body: Uint8Array): AudioTag | undefined {
  const first = body[0]
  if (first === undefined) return undefined
  const dataEnd = body.byteLength
  const format = first >> 4
  if (format === ENHANCED) return readEnhanced(body, first)
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

function readEnhanced(body: Uint8Array, first: number): AudioTag | undefined {
  let at = 1
  let type = first & 0x0f
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
  const common = { sampleRate: undefined, channels: undefined } as const
  const ignored = {
    ...common,
    codec: 'unknown',
    packet: 'other',
    dataOffset: at,
    dataEnd: body.byteLength,
  } as const
  let layout: number | undefined
  if (type === MULTITRACK) {
    layout = (body[at] ?? 0) >> 4
    type = (body[at++] ?? 0) & 0x0f
    if (layout > 1) return ignored
  }
  if (at + 4 > body.byteLength) return undefined
  const codec = FOURCC[String.fromCharCode(...body.subarray(at, at + 4))] ?? 'unknown'
  at += 4
  let dataEnd = body.byteLength
  if (layout !== undefined) {
    if ((body[at++] ?? 0) !== 0) return ignored
    if (layout === 1) {
      dataEnd = Math.min(
        dataEnd,
        at + 3 + (((body[at] ?? 0) << 16) | ((body[at + 1] ?? 0) << 8) | (body[at + 2] ?? 0)),
      )
      at += 3
    }
  }
  if (at > body.byteLength) return undefined
  return { ...common, codec, packet: PACKETS[type] ?? 'other', dataOffset: at, dataEnd }
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
