/**
 * Encoded packets of one track into CMAF: an init, and segments (styp, sidx, moof, mdat) that carry
 * absolute times. Every segment is muxed by itself, so its bytes depend on nothing but its packets:
 * packaging can be stopped anywhere, and what is made again is the same to the byte.
 *
 * Decode times are the sorted presentation times (composition offsets are signed, trun version 1), so
 * the first tfdt is the first presentation time and nothing is shifted.
 * Spec: ISO/IEC 14496-12:2022 §8.8, ISO/IEC 23000-19:2024 §7.
 */
import {
  type AudioCodec,
  BufferTarget,
  CmafOutputFormat,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  Output,
  type VideoCodec,
} from 'mediabunny'

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
  const { init } = await mux(track, [], priming)
  return clearCreationTimes(init)
}

/** One segment; `packets` are in decode order and the first is a keyframe. Throws Error on what cannot be muxed. */
export async function muxSegment(
  track: MuxTrack,
  sequence: number,
  packets: readonly MuxPacket[],
): Promise<Uint8Array> {
  const { segment } = await mux(track, packets, packets[0])
  return setSequenceNumber(segment, sequence + 1)
}

async function mux(track: MuxTrack, packets: readonly MuxPacket[], priming: MuxPacket | undefined) {
  const initTarget = new BufferTarget()
  const target = new BufferTarget()
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
  for (const { packet, key } of keyframesInOrder(packets)) await add(encoded(packet, key))
  await output.finalize()
  return { init: written(initTarget), segment: written(target) }
}

function written(target: BufferTarget): Uint8Array {
  return target.buffer ? new Uint8Array(target.buffer) : new Uint8Array()
}

function encoded(packet: MuxPacket, key: boolean): EncodedPacket {
  return new EncodedPacket(packet.data, key ? 'key' : 'delta', packet.seconds, packet.duration)
}

/** A keyframe whose group has a picture shown before the group ahead of it was over does not count as one: the muxer would refuse. */
function keyframesInOrder(packets: readonly MuxPacket[]): { packet: MuxPacket; key: boolean }[] {
  const marked = packets.map((packet, index) => ({ packet, key: packet.key || index === 0 }))
  let earliest = Number.POSITIVE_INFINITY
  const earliestFrom = marked.map(() => 0)
  for (let index = marked.length - 1; index >= 0; index--) {
    earliest = Math.min(earliest, marked[index]?.packet.seconds ?? earliest)
    earliestFrom[index] = earliest
  }
  let latest = Number.NEGATIVE_INFINITY
  for (const [index, mark] of marked.entries()) {
    if (index > 0 && mark.key && (earliestFrom[index] ?? 0) < latest) mark.key = false
    latest = Math.max(latest, mark.packet.seconds)
  }
  return marked
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

/** Boxes on the way to the times that tell when a file was made: they would make every init another one. */
const CONTAINERS = new Set(['moov', 'trak', 'mdia'])
const HEADERS_WITH_TIMES = new Set(['mvhd', 'tkhd', 'mdhd'])

function clearCreationTimes(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const walk = (from: number, to: number): void => {
    for (let at = from; at + 8 <= to; ) {
      const size = view.getUint32(at)
      const type = boxType(bytes, at)
      if (size < 8) return
      if (CONTAINERS.has(type)) walk(at + 8, at + size)
      // Version 1 has 64-bit times. Spec: ISO/IEC 14496-12:2022 §8.2.2
      if (HEADERS_WITH_TIMES.has(type)) bytes.fill(0, at + 12, at + 12 + (bytes[at + 8] === 1 ? 16 : 8))
      at += size
    }
  }
  walk(0, bytes.byteLength)
  return bytes
}

function setSequenceNumber(bytes: Uint8Array, sequence: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + 8 <= bytes.byteLength; at += Math.max(8, view.getUint32(at))) {
    if (boxType(bytes, at) === 'moof' && boxType(bytes, at + 8) === 'mfhd') {
      view.setUint32(at + 20, sequence)
      break
    }
  }
  return bytes
}

function boxType(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(bytes[at + 4] ?? 0, bytes[at + 5] ?? 0, bytes[at + 6] ?? 0, bytes[at + 7] ?? 0)
}
