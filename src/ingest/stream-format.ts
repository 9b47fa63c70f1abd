/** What an encoder says of its stream: in the decoder configurations, and in onMetaData (FLV 10.1 §E.5). */
import { readAacConfig } from '../formats/flv/aac-config.ts'
import { readAudioTag } from '../formats/flv/audio-tag.ts'
import { readAvcConfig } from '../formats/flv/avc-config.ts'
import { readHevcConfig } from '../formats/flv/hevc-config.ts'
import { metadataNumber, readMetadata } from '../formats/flv/script-data.ts'
import { readVideoTag } from '../formats/flv/video-tag.ts'
import type { FrameNote } from './frame-note.ts'
import { AUDIO, VIDEO } from './media-message.ts'

export interface StreamFormat {
  /** RFC 6381 where it can be read, such as "avc1.64001f"; else a name, such as "vp9". */
  readonly videoCodec: string | undefined
  readonly width: number | undefined
  readonly height: number | undefined
  readonly audioCodec: string | undefined
  readonly sampleRate: number | undefined
  readonly channels: number | undefined
  /** What the encoder announces, not what it sends. */
  readonly announcedFrameRate: number | undefined
  /** As the metadata names it: "obs-output module (libobs version 29.0.2)". */
  readonly encoder: string | undefined
}

export const UNKNOWN_FORMAT: StreamFormat = {
  videoCodec: undefined,
  width: undefined,
  height: undefined,
  audioCodec: undefined,
  sampleRate: undefined,
  channels: undefined,
  announcedFrameRate: undefined,
  encoder: undefined,
}

const MAX_NAME_CHARS = 128
const MAX_FRAME_RATE = 300

/** The format after this frame; the same object when it says nothing new. Never throws: it is advice. */
export function learnFormat(known: StreamFormat, { type, kind, head }: FrameNote): StreamFormat {
  if (kind === 'metadata') return { ...known, ...fromMetadata(head) }
  // Codecs without a configuration are known by their frames.
  if (kind !== 'header' && (type === VIDEO ? known.videoCodec : known.audioCodec) !== undefined) return known
  try {
    if (type === VIDEO) return { ...known, ...fromVideo(head, kind === 'header') }
    if (type === AUDIO) return { ...known, ...fromAudio(head, kind === 'header') }
  } catch {
    // A configuration that cannot be read is recorded all the same.
  }
  return known
}

function fromVideo(body: Uint8Array, header: boolean): Partial<StreamFormat> {
  const tag = readVideoTag(body)
  if (!tag || tag.packet === 'other') return {}
  const record = body.subarray(tag.dataOffset, tag.dataEnd)
  if (!header || (tag.codec !== 'avc' && tag.codec !== 'hevc')) return { videoCodec: tag.codec }
  const { codecString, width, height } = tag.codec === 'avc' ? readAvcConfig(record) : readHevcConfig(record)
  return { videoCodec: codecString, width, height }
}

function fromAudio(body: Uint8Array, header: boolean): Partial<StreamFormat> {
  const tag = readAudioTag(body)
  if (!tag || tag.packet === 'other') return {}
  const { sampleRate, channels } = tag
  if (!header || tag.codec !== 'aac') return { audioCodec: tag.codec, sampleRate, channels }
  const config = readAacConfig(body.subarray(tag.dataOffset, tag.dataEnd))
  return { audioCodec: config.codecString, sampleRate: config.sampleRate, channels: config.channels }
}

function fromMetadata(body: Uint8Array): Partial<StreamFormat> {
  const metadata = readMetadata(body)
  const positive = (name: string, most: number) => {
    const value = metadataNumber(metadata, name)
    return value !== undefined && value > 0 && value <= most ? value : undefined
  }
  const width = positive('width', 65_535)
  const height = positive('height', 65_535)
  const announcedFrameRate =
    positive('framerate', MAX_FRAME_RATE) ?? positive('videoframerate', MAX_FRAME_RATE)
  const { encoder } = metadata ?? {}
  return {
    ...(width && height ? { width, height } : {}),
    ...(announcedFrameRate ? { announcedFrameRate } : {}),
    ...(typeof encoder === 'string' && encoder !== '' ? { encoder: encoder.slice(0, MAX_NAME_CHARS) } : {}),
  }
}
