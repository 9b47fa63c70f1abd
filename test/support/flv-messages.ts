/** Messages as an encoder sends them, made up: decodable by nobody, but with true headers. */

import { encodeAacTag } from '../../src/formats/flv/audio-tag.ts'
import { encodeMetadata } from '../../src/formats/flv/script-data.ts'
import { encodeVideoTag } from '../../src/formats/flv/video-tag.ts'
import { AUDIO, DATA, type MediaMessage, VIDEO } from '../../src/ingest/media-message.ts'

/** 640x360, as x264 writes it. */
export const AVC_CONFIG = Buffer.from(
  '0164001effe1001a6764001eacd940a02ff9610000030001000003003c8f162d9601000568ebecb22cfdf8f800',
  'hex',
)
/** 854x480: another configuration. */
export const OTHER_AVC_CONFIG = Buffer.from(
  '0142c01effe100196742c01ed900d83de6f0e1000003000100000300300f162e4801000568cb83cb20',
  'hex',
)
export const AAC_CONFIG = Buffer.from('1188', 'hex')

function message(type: MediaMessage['type'], timestampMs: number, body: Buffer): MediaMessage {
  // In two views, as it comes from a socket.
  const half = body.length >> 1
  return { type, timestampMs, parts: [body.subarray(0, half), body.subarray(half)], byteLength: body.length }
}

export function metadataMessage(timestampMs = 0): MediaMessage {
  return message(DATA, timestampMs, encodeMetadata({ width: 640, height: 360, framerate: 25 }))
}

export function avcConfigMessage(timestampMs = 0, config: Uint8Array = AVC_CONFIG): MediaMessage {
  return message(
    VIDEO,
    timestampMs,
    encodeVideoTag({
      codec: 'avc',
      packet: 'sequence-start',
      keyframe: true,
      compositionMs: 0,
      data: config,
    }),
  )
}

export function aacConfigMessage(timestampMs = 0, config: Uint8Array = AAC_CONFIG): MediaMessage {
  return message(AUDIO, timestampMs, encodeAacTag('sequence-start', config))
}

/** A picture of `bytes` bytes, one NAL unit. */
export function pictureMessage(
  timestampMs: number,
  keyframe: boolean,
  compositionMs = 0,
  bytes = 200,
): MediaMessage {
  const data = Buffer.alloc(bytes + 4, timestampMs % 251)
  data.writeUInt32BE(bytes, 0)
  data[4] = keyframe ? 0x65 : 0x41
  return message(
    VIDEO,
    timestampMs,
    encodeVideoTag({ codec: 'avc', packet: 'frame', keyframe, compositionMs, data }),
  )
}

export function soundMessage(timestampMs: number, bytes = 40): MediaMessage {
  return message(AUDIO, timestampMs, encodeAacTag('frame', Buffer.alloc(bytes, 1 + (timestampMs % 250))))
}

/** A session: metadata, configurations, then 25 pictures a second, a keyframe every `gop`, and 48 kHz audio. */
export function session(options: {
  seconds: number
  from?: number
  gop?: number
  audio?: boolean
}): MediaMessage[] {
  const { seconds, from = 0, gop = 50, audio = true } = options
  const media: MediaMessage[] = []
  for (let frame = 0; frame < seconds * 25; frame++) {
    media.push(pictureMessage(from + frame * 40, frame % gop === 0))
  }
  if (audio) {
    for (let frame = 0; (frame * 1024) / 48 < seconds * 1000; frame++) {
      media.push(soundMessage(from + Math.round((frame * 1024) / 48)))
    }
  }
  media.sort((a, b) => a.timestampMs - b.timestampMs || b.type - a.type)
  return [metadataMessage(from), avcConfigMessage(from), ...(audio ? [aacConfigMessage(from)] : []), ...media]
}
