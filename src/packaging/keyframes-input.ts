/**
 * The first keyframes of some segments, a second apart, as one MP4: pictures of a video can be taken from it
 * without decoding or even copying anything else.
 */
import {
  ALL_FORMATS,
  BufferSource,
  EncodedPacket,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  FilePathTarget,
  Input,
  Mp4OutputFormat,
  Output,
} from 'mediabunny'
import { AppError } from '../kernel/errors.ts'

export interface KeyframesRequest {
  /** Of all the segments. */
  readonly init: Uint8Array
  /** One for each picture, read when its turn comes; undefined: it is lost, and its neighbour stands for it. */
  readonly segments: readonly (() => Promise<Uint8Array | undefined>)[]
  /** Absolute path of the file to write. */
  readonly outputPath: string
}

/**
 * Picture `n` is shown at second `n`. Resolves with its size as displayed.
 * Throws AppError `media-corrupt` when none of the segments holds a picture.
 */
export async function writeKeyframes({ init, segments, outputPath }: KeyframesRequest): Promise<{
  readonly width: number
  readonly height: number
}> {
  let size: { readonly width: number; readonly height: number } | undefined
  let source: EncodedVideoPacketSource | undefined
  let last: { readonly data: Uint8Array; readonly config: VideoDecoderConfig } | undefined
  // Those before the first that can be read.
  let owed = 0
  const output = new Output({
    format: new Mp4OutputFormat({ fastStart: false }),
    target: new FilePathTarget(outputPath),
  })
  let count = 0
  const write = async (data: Uint8Array, config: VideoDecoderConfig) => {
    const packet = new EncodedPacket(data, 'key', count, 1)
    await source?.add(packet, count === 0 ? { decoderConfig: config } : undefined)
    count += 1
  }
  for (const read of segments) {
    const bytes = await read()
    using own =
      bytes && new Input({ source: new BufferSource(Buffer.concat([init, bytes])), formats: ALL_FORMATS })
    const track = await own?.getPrimaryVideoTrack()
    const packet = track && (await new EncodedPacketSink(track).getFirstKeyPacket())
    const config = (await track?.getDecoderConfig()) ?? last?.config
    if (track && packet && config) {
      last = { data: packet.data, config }
      if (!source) {
        const codec = await track.getCodec()
        if (!codec) throw corrupt()
        const rotation = await track.getRotation()
        size = { width: await track.getDisplayWidth(), height: await track.getDisplayHeight() }
        source = new EncodedVideoPacketSource(codec)
        output.addVideoTrack(source, { frameRate: 1, ...(rotation ? { rotation } : {}) })
        await output.start()
      }
    }
    if (!last) owed += 1
    else {
      for (; owed > 0; owed -= 1) await write(last.data, last.config)
      await write(last.data, last.config)
    }
  }
  if (!size) throw corrupt()
  await output.finalize()
  return size
}

function corrupt(): AppError {
  return new AppError('media-corrupt', 'These segments hold no picture that can be read.')
}
