/**
 * Encoded packets of one track into CMAF: an init, and segments (styp, sidx, moof, mdat) that carry
 * absolute times. Every segment is muxed by itself, so its bytes depend on nothing but its packets:
 * packaging can be stopped anywhere, and what is made again is the same to the byte.
 *
 * Decode times are the sorted presentation times less the reordering delay, so that no picture is
 * decoded after it is shown; where the timeline begins there may be no room for that delay, and
 * composition offsets are negative (trun version 1). Presentation times are exact in either case.
 * Spec: ISO/IEC 14496-12:2022 §8.8, ISO/IEC 23000-19:2024 §7.
 */
import {
  type AudioCodec,
  BufferTarget,
  CmafOutputFormat,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  NullTarget,
  Output,
  type Target,
  type VideoCodec,
} from 'mediabunny'
import { encodeFragmentHead, keyframesInOrder } from './fragment.ts'
import { adjustFragment, clearCreationTimes } from './fragment-boxes.ts'

export interface MuxVideoTrack {
  readonly kind: 'video'
  readonly codec: VideoCodec
  /** RFC 6381. */
  readonly codecString: string
  /** Coded size in pixels. */
  readonly width: number
  readonly height: number
  /** Displayed size, pixel aspect applied. */
  readonly displayWidth: number
  readonly displayHeight: number
  /** Decoder configuration record (avcC, hvcC, av1C, vpcC); absent for packets in Annex B. */
  readonly description?: Uint8Array
  /** Ticks a second that times are kept in. */
  readonly timescale: number
  readonly colorSpace?: VideoColorSpaceInit
  /** Clockwise. */
  readonly rotation?: 0 | 90 | 180 | 270
}

export interface MuxAudioTrack {
  readonly kind: 'audio'
  readonly codec: AudioCodec
  readonly codecString: string
  readonly channels: number
  /** Also the timescale. */
  readonly sampleRate: number
  /** AudioSpecificConfig for AAC; absent for ADTS. */
  readonly description?: Uint8Array
}

export type MuxTrack = MuxVideoTrack | MuxAudioTrack

/** One packet, in decode order. Times in seconds on the timeline. */
export interface MuxPacket {
  readonly data: Uint8Array
  readonly seconds: number
  readonly duration: number
  readonly key: boolean
}

export function trackCodecs(track: MuxTrack): string {
  return track.codecString
}

/** The init segment (ftyp, moov). `priming` is a packet of the track, needed by AC-3 and by Annex B and ADTS packets. */
export async function muxInit(track: MuxTrack, priming?: MuxPacket): Promise<Uint8Array> {
  const init = new BufferTarget()
  await mux(track, [], priming, { init, segment: new NullTarget() })
  return clearCreationTimes(written(init))
}

/**
 * One segment, in parts that follow each other; `packets` are in decode order and the first is a keyframe.
 * `delaySeconds`: how long before it is shown a picture is decoded, at least; give every segment the same.
 * Packets are not copied: they are parts of it. Throws Error on what cannot be muxed.
 */
export async function muxSegment(
  track: MuxTrack,
  number: number,
  packets: readonly MuxPacket[],
  delaySeconds = 0,
): Promise<readonly Uint8Array[]> {
  const sequence = number + 1
  const delayTicks = track.kind === 'video' ? Math.round(delaySeconds * track.timescale) : 0
  if (packets.length > 0 && !isConverted(track)) {
    const timescale = track.kind === 'video' ? track.timescale : track.sampleRate
    const head = encodeFragmentHead(packets, { timescale, sequence, delayTicks })
    return [head, ...packets.map(({ data }) => data)]
  }
  const segment = new BufferTarget()
  await mux(track, packets, packets[0], { init: new NullTarget(), segment })
  return [adjustFragment(written(segment), sequence, delayTicks)]
}

/** Annex B and ADTS: the packets are not what stands in the file. */
function isConverted({ codec, description }: MuxTrack): boolean {
  return !description && (codec === 'avc' || codec === 'hevc' || codec === 'aac')
}

async function mux(
  track: MuxTrack,
  packets: readonly MuxPacket[],
  priming: MuxPacket | undefined,
  targets: { readonly init: Target; readonly segment: Target },
): Promise<void> {
  const { init: initTarget, segment: target } = targets
  const output = new Output({ format: new CmafOutputFormat(), target, initTarget })
  const primingPacket = priming ? { primingPacket: encoded(priming, true) } : {}
  let add: (packet: EncodedPacket) => Promise<void>
  if (track.kind === 'video') {
    const source = new EncodedVideoPacketSource(track.codec)
    // frameRate is how this library is told the timescale: times are rounded to its inverse.
    output.addVideoTrack(source, {
      ...primingPacket,
      frameRate: track.timescale,
      decoderConfig: videoDecoderConfig(track),
      ...(track.rotation ? { rotation: track.rotation } : {}),
    })
    add = (packet) => source.add(packet)
  } else {
    const source = new EncodedAudioPacketSource(track.codec)
    output.addAudioTrack(source, { ...primingPacket, decoderConfig: audioDecoderConfig(track) })
    add = (packet) => source.add(packet)
  }
  await output.start()
  const keyframes = keyframesInOrder(packets)
  for (const [index, packet] of packets.entries()) await add(encoded(packet, keyframes[index] ?? false))
  await output.finalize()
}

function written(target: BufferTarget): Uint8Array {
  return target.buffer ? new Uint8Array(target.buffer) : new Uint8Array()
}

function encoded(packet: MuxPacket, key: boolean): EncodedPacket {
  return new EncodedPacket(packet.data, key ? 'key' : 'delta', packet.seconds, packet.duration)
}

function videoDecoderConfig(track: MuxVideoTrack): VideoDecoderConfig {
  return {
    codec: track.codecString,
    codedWidth: track.width,
    codedHeight: track.height,
    displayAspectWidth: track.displayWidth,
    displayAspectHeight: track.displayHeight,
    ...(track.description ? { description: track.description as Uint8Array<ArrayBuffer> } : {}),
    ...(track.colorSpace ? { colorSpace: track.colorSpace } : {}),
  }
}

function audioDecoderConfig(track: MuxAudioTrack): AudioDecoderConfig {
  return {
    codec: track.codecString,
    numberOfChannels: track.channels,
    sampleRate: track.sampleRate,
    ...(track.description ? { description: track.description as Uint8Array<ArrayBuffer> } : {}),
  }
}
