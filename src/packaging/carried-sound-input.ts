/**
 * The pieces of carried sound around a chunk as one file that ffmpeg reads: FLV for the codecs of old, which
 * only it carries; Matroska for those that FLV has by FourCC, which ffmpeg 5 does not read in it.
 */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  type AudioCodec,
  EncodedAudioPacketSource,
  EncodedPacket,
  FilePathTarget,
  MkvOutputFormat,
  Output,
} from 'mediabunny'
import { encodeFileHeader } from '../formats/flv/file-header.ts'
import { AUDIO_TAG, encodeTag } from '../formats/flv/tag-header.ts'
import type { VideoId } from '../kernel/ids.ts'
import { mediaKeys } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import { type CarriedAudio, flacInfoAt } from './carried-audio.ts'
import { type CarriedPacket, readCarriedPiece } from './carried-piece.ts'
import type { Timeline, TimelineSegment } from './timeline.ts'

export interface CarriedInput {
  readonly path: string
  /** Where the file begins on the timeline. */
  readonly startSeconds: number
}

/** Undefined: there is no sound. A segment more at either end, for what an encoder has to have heard before and after. */
export async function writeCarriedInput(request: {
  readonly store: MediaStore
  readonly videoId: VideoId
  readonly timeline: Timeline
  /** Of the chunk: all have the same init. */
  readonly segments: readonly TimelineSegment[]
  readonly dir: string
}): Promise<CarriedInput | undefined> {
  const { store, videoId, timeline, segments, dir } = request
  const [first, last] = [segments[0], segments.at(-1)]
  const carried = timeline.inits.find(({ init }) => init === first?.init)?.carriedAudio
  if (!first || !last || !carried) return undefined
  const around = timeline.segments
    .slice(Math.max(0, first.number - 1), last.number + 2)
    .filter(({ init }) => init === first.init)
  const packets: CarriedPacket[] = []
  for (const { number } of around) {
    const piece = await store.read(mediaKeys.carried(videoId, 'audio', number))
    if (piece) packets.push(...readCarriedPiece(piece))
  }
  const startSeconds = packets[0]?.seconds
  if (startSeconds === undefined) return undefined
  const codec = MATROSKA[carried.codec]
  const file = path.join(dir, codec ? 'carried.mkv' : 'carried.flv')
  if (codec) await writeMatroska(file, codec, carried, packets, startSeconds)
  else await writeFile(file, flvOf(carried, packets, startSeconds))
  return { path: file, startSeconds }
}

const MATROSKA: Partial<Record<CarriedAudio['codec'], AudioCodec>> = {
  aac: 'aac',
  opus: 'opus',
  flac: 'flac',
  ac3: 'ac3',
  eac3: 'eac3',
}

function flvOf({ flvHeader = 0 }: CarriedAudio, packets: readonly CarriedPacket[], start: number): Buffer {
  const tags = packets.map(({ data, seconds }) =>
    encodeTag(
      AUDIO_TAG,
      Math.max(0, Math.round((seconds - start) * 1000)),
      Buffer.concat([Buffer.from([flvHeader]), data]),
    ),
  )
  return Buffer.concat([encodeFileHeader({ audio: true, video: false }), ...tags])
}

async function writeMatroska(
  file: string,
  codec: AudioCodec,
  carried: CarriedAudio,
  packets: readonly CarriedPacket[],
  start: number,
): Promise<void> {
  const source = new EncodedAudioPacketSource(codec)
  const output = new Output({ format: new MkvOutputFormat(), target: new FilePathTarget(file) })
  output.addAudioTrack(source)
  await output.start()
  const description = carried.config === undefined ? undefined : describe(carried)
  const decoderConfig: AudioDecoderConfig = {
    codec: CODEC_STRINGS[codec] ?? codec,
    numberOfChannels: carried.channels,
    sampleRate: carried.sampleRate,
    ...(description ? { description: new Uint8Array(description) } : {}),
  }
  for (const [index, { data, seconds }] of packets.entries()) {
    const until = packets[index + 1]?.seconds ?? seconds
    const packet = new EncodedPacket(data, 'key', Math.max(0, seconds - start), Math.max(0, until - seconds))
    await source.add(packet, index === 0 ? { decoderConfig } : undefined)
  }
  await output.finalize()
}

const CODEC_STRINGS: Partial<Record<AudioCodec, string>> = {
  aac: 'mp4a.40.2',
  ac3: 'ac-3',
  eac3: 'ec-3',
}

/** Of FLAC with its signature in front, whichever way the encoder sent it. */
function describe({ codec, config = '' }: CarriedAudio): Uint8Array {
  const bytes = Buffer.from(config, 'base64')
  if (codec !== 'flac' || flacInfoAt(bytes) > 0) return bytes
  // The last block, of kind 0 (STREAMINFO). RFC 9639 §8.1
  const head = [0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, bytes.byteLength]
  return Buffer.concat([Buffer.from(head), bytes])
}
