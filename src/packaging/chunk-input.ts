/**
 * Segments of the original as one ordinary MP4 that begins at 0: what an encoder is given to eat.
 *
 * Not simply init and segments in a row: composition offsets may be negative, and ffmpeg's demuxer
 * shifts a fragment's times by the largest negative offset it has seen so far (mov.c, dts_shift), so
 * that times would jump between fragments. In an unfragmented file it sees all of them beforehand.
 *
 * A segment may begin with an open group of pictures: pictures that come after its keyframe and are
 * shown before it. They belong to the chunk before, which needs the next keyframe to decode them.
 *
 *     decode order     … P5 B3 B4 | I8 B6 B7 P11 …      | boundary, at I8
 *     this chunk shows … 3 4 5 6 7 |                     B6 and B7 are taken along with I8
 */
import {
  ALL_FORMATS,
  BufferSource,
  EncodedPacket,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  FilePathTarget,
  Input,
  type InputVideoTrack,
  Mp4OutputFormat,
  Output,
} from 'mediabunny'
import { AppError } from '../kernel/errors.ts'

export interface ChunkInputRequest {
  /** `original/init-<i>.mp4` of the chunk's segments. */
  readonly init: Uint8Array
  readonly segments: readonly Uint8Array[]
  /** The segment after the last, with the same init, when there is one. */
  readonly next?: Uint8Array
  /** Where the first segment begins on the timeline, seconds. */
  readonly startSeconds: number
  /** Absolute path of the file to write. */
  readonly outputPath: string
}

export interface ChunkInput {
  /** Seconds from the chunk's start at which each frame is shown, in order. Frames lent by the next segment's keyframe are in it, that keyframe is not. */
  readonly frames: readonly number[]
  /** Set when the file goes beyond the chunk: cut here. Seconds from the chunk's start. */
  readonly cutAt?: number
  /** As displayed: pixel aspect and rotation applied. */
  readonly width: number
  readonly height: number
  /** `bt709`, `bt470bg`, `smpte170m`, `bt2020-ncl`, or empty when not said. */
  readonly matrix: string
}

interface Packet {
  readonly packet: EncodedPacket
  readonly seconds: number
}

/** Throws AppError `media-corrupt` when the segments hold no picture that can be read. */
export async function makeChunkInput(request: ChunkInputRequest): Promise<ChunkInput> {
  using own = openSegments([request.init, ...request.segments])
  const track = await own.getPrimaryVideoTrack()
  const codec = await track?.getCodec()
  const config = await track?.getDecoderConfig()
  if (!track || !codec || !config)
    throw new AppError('media-corrupt', 'The original holds no picture that can be read.')
  const all = await readPackets(track, request.startSeconds)
  const firstKey = all.findIndex(({ packet }) => packet.type === 'key')
  // Pictures shown before the first keyframe need what came before it: the chunk before shows them.
  const shown = all
    .slice(Math.max(0, firstKey))
    .filter(({ seconds }) => seconds >= (all[firstKey]?.seconds ?? 0) - HALF_A_TICK)
  const borrowed = request.next ? await readLeading([request.init, request.next], request.startSeconds) : []
  const cutAt = borrowed[0]?.seconds

  const output = new Output({
    format: new Mp4OutputFormat({ fastStart: false }),
    target: new FilePathTarget(request.outputPath),
  })
  const source = new EncodedVideoPacketSource(codec)
  const rotation = await track.getRotation()
  output.addVideoTrack(source, { frameRate: TIMESCALE, ...(rotation ? { rotation } : {}) })
  await output.start()
  const base = shown[0]?.seconds ?? 0
  for (const [index, { packet, seconds }] of [...shown, ...borrowed].entries()) {
    const at = new EncodedPacket(
      packet.data,
      index === 0 ? 'key' : 'delta',
      Math.max(0, seconds - base),
      packet.duration,
    )
    await source.add(at, index === 0 ? { decoderConfig: config } : undefined)
  }
  await output.finalize()
  const frames = [...shown, ...borrowed.slice(1)].map(({ seconds }) => seconds).sort((a, b) => a - b)
  return {
    frames,
    ...(cutAt === undefined ? {} : { cutAt: cutAt - base }),
    width: await track.getDisplayWidth(),
    height: await track.getDisplayHeight(),
    matrix: config.colorSpace?.matrix ?? '',
  }
}

const TIMESCALE = 90_000
const HALF_A_TICK = 0.5 / TIMESCALE

function openSegments(parts: readonly Uint8Array[]): Input {
  return new Input({ source: new BufferSource(Buffer.concat(parts)), formats: ALL_FORMATS })
}

async function readPackets(track: InputVideoTrack, startSeconds: number): Promise<Packet[]> {
  const packets: Packet[] = []
  for await (const packet of new EncodedPacketSink(track).packets())
    packets.push({ packet, seconds: packet.timestamp - startSeconds })
  return packets
}

/** The keyframe of a segment and the pictures shown before it; nothing when there are none. */
async function readLeading(parts: readonly Uint8Array[], startSeconds: number): Promise<Packet[]> {
  using input = openSegments(parts)
  const track = await input.getPrimaryVideoTrack()
  if (!track) return []
  const [key, ...rest] = await readPackets(track, startSeconds)
  if (!key) return []
  const leading = rest.filter(({ seconds }) => seconds < key.seconds - HALF_A_TICK)
  return leading.length === 0 ? [] : [key, ...leading]
}
