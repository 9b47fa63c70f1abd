/** Reading one track of an encoded file (an encoder's output, an upload) as packets. */
import {
  ALL_FORMATS,
  BufferSource,
  EncodedPacketSink,
  FilePathSource,
  Input,
  type InputAudioTrack,
  type InputVideoTrack,
} from 'mediabunny'
import { AppError } from '../kernel/errors.ts'
import type { MuxAudioTrack, MuxPacket, MuxTrack, MuxVideoTrack } from './segment-muxer.ts'

export interface EncodedInput extends AsyncDisposable {
  readonly track: MuxTrack
  readonly source: InputVideoTrack | InputAudioTrack
}

/** Throws AppError `encode-failed` when the file cannot be read or has no such track. */
export async function openEncoded(
  input: string | Uint8Array,
  kind: 'video' | 'audio',
): Promise<EncodedInput> {
  const source =
    typeof input === 'string' ? new FilePathSource(input) : new BufferSource(input as Uint8Array<ArrayBuffer>)
  const file = new Input({ source, formats: ALL_FORMATS })
  try {
    const track = kind === 'video' ? await file.getPrimaryVideoTrack() : await file.getPrimaryAudioTrack()
    if (!track) throw new AppError('encode-failed', `The encoder's output has no ${kind} track.`)
    const mux = track.isVideoTrack()
      ? await readVideoTrack(track)
      : await readAudioTrack(track as InputAudioTrack)
    if (!mux)
      throw new AppError('encode-failed', `The encoder's output has a ${kind} track of an unknown codec.`)
    return {
      source: track,
      track: mux.kind === 'video' ? { ...mux, timescale: ENCODED_TIMESCALE } : mux,
      async [Symbol.asyncDispose]() {
        file.dispose()
      },
    }
  } catch (error) {
    file.dispose()
    if (error instanceof AppError) throw error
    throw new AppError('encode-failed', "The encoder's output cannot be read.", { cause: error })
  }
}

/** The decoder configuration of an encoder's output. Throws AppError `encode-failed`. */
export async function configOfFile(file: string): Promise<Uint8Array> {
  await using input = await openEncoded(file, 'video')
  const { description } = input.track
  if (!description) throw new AppError('encode-failed', "The encoder's output has no configuration.")
  return description
}

/** All chunks of a rendition have one timescale, whatever the encoder chose. */
const ENCODED_TIMESCALE = 90_000

/** All packets in decode order, at their place on the timeline. */
export async function readEncodedPackets(
  input: EncodedInput,
  place: { readonly by: 'first-packet' | 'zero'; readonly seconds: number },
): Promise<MuxPacket[]> {
  const packets: MuxPacket[] = []
  for await (const packet of new EncodedPacketSink(input.source).packets()) {
    packets.push({
      data: packet.data,
      seconds: packet.timestamp,
      duration: packet.duration,
      key: packet.type === 'key',
    })
  }
  const first = packets.reduce(
    (earliest, packet) => Math.min(earliest, packet.seconds),
    Number.POSITIVE_INFINITY,
  )
  const base = place.by === 'zero' ? place.seconds : place.seconds - first
  return packets.map((packet) => ({ ...packet, seconds: packet.seconds + base }))
}

/** Undefined when the codec is unknown to us. `timescale` is the file's own. */
export async function readVideoTrack(track: InputVideoTrack): Promise<MuxVideoTrack | undefined> {
  const codec = await track.getCodec()
  const config = await track.getDecoderConfig()
  if (!codec || !config) return undefined
  const description = config.description && new Uint8Array(asBytes(config.description))
  const resolution = await track.getTimeResolution()
  const aspect = await track.getPixelAspectRatio()
  const [width, height] = [await track.getCodedWidth(), await track.getCodedHeight()]
  const rotation = await track.getRotation()
  return {
    kind: 'video',
    codec,
    // What we write: parameter sets stand in the init. ISO/IEC 14496-15:2022 §8.4.1.1
    codecString: config.codec.replace(/^hev1/, 'hvc1'),
    width,
    height,
    displayWidth: Math.round((width * aspect.num) / aspect.den),
    displayHeight: height,
    ...(description ? { description } : {}),
    timescale: resolution,
    ...(config.colorSpace ? { colorSpace: config.colorSpace } : {}),
    ...(rotation ? { rotation } : {}),
  }
}

export async function readAudioTrack(track: InputAudioTrack): Promise<MuxAudioTrack | undefined> {
  const codec = await track.getCodec()
  const config = await track.getDecoderConfig()
  if (!codec || !config) return undefined
  const description = config.description && new Uint8Array(asBytes(config.description))
  return {
    kind: 'audio',
    codec,
    codecString: config.codec,
    channels: config.numberOfChannels,
    sampleRate: config.sampleRate,
    ...(description ? { description } : {}),
  }
}

function asBytes(data: AllowSharedBufferSource): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
}
