/**
 * An encoder's output (MP4, fragmented or not) cut into timeline segments at absolute times.
 *
 * ffmpeg restarts every chunk at zero, so the times come from the timeline. The init is made from
 * the decoder configuration alone: chunks encoded with equal settings have byte-identical inits.
 */
import { AppError } from '../kernel/errors.ts'
import { openEncoded, readEncodedPackets } from './encoded-input.ts'
import { joinAvcConfigs } from './joined-config.ts'
import { type ByteRange, keyframeRange } from './keyframe-range.ts'
import { type MuxPacket, type MuxTrack, muxInit, muxSegment, trackCodecs } from './segment-muxer.ts'

/** A place on the timeline; consecutive ones touch. Seconds. */
export interface SegmentSpan {
  readonly number: number
  readonly start: number
  readonly duration: number
}

export interface SegmentEncodedRequest {
  /** Path of an MP4 with one track of the kind asked for, or its bytes. */
  readonly input: string | Uint8Array
  readonly kind: 'video' | 'audio'
  /** In order and touching. */
  readonly segments: readonly SegmentSpan[]
  /**
   * Where the input lies on the timeline.
   * `first-packet`: its first presented packet is at `seconds` (video chunks: the start of their first segment).
   * `zero`: its time 0 is at `seconds`; edit lists are honoured, so an audio encoder's priming lies before it.
   */
  readonly place: { readonly by: 'first-packet' | 'zero'; readonly seconds: number }
  /** Frames expected in each segment, as the timeline counts them; checked when given. Video only. */
  readonly frames?: readonly number[]
  /** The configuration of a second encoder that may go on with the same init; H.264 only. */
  readonly besides?: Uint8Array
}

export interface EncodedSegment {
  readonly number: number
  readonly bytes: Uint8Array
  /** Packets: frames of video, or audio frames. */
  readonly frames: number
  /** Presentation times on the timeline: of the first packet, and where the last one ends. Seconds. */
  readonly firstSeconds: number
  readonly endSeconds: number
  /** Where its first picture lies in the bytes; video only. */
  readonly keyframe?: ByteRange
}

export interface EncodedSegments {
  readonly init: Uint8Array
  readonly segments: readonly EncodedSegment[]
  /** RFC 6381, such as "avc1.64001f" or "mp4a.40.2". */
  readonly codecs: string
  /** Pixels of the coded picture; absent for audio. */
  readonly width?: number
  readonly height?: number
  /** Bits per second: the largest segment, and all of them together. */
  readonly peakBandwidth: number
  readonly averageBandwidth: number
}

/** A packet this near to a boundary lies on it: timestamps are rounded by muxers. Seconds. */
const TOLERANCE = 0.004

/**
 * Audio packets before the first or after the last segment are left out (priming, overlap between chunks);
 * a video packet out there is an error. Throws AppError `encode-failed` when the input holds no such
 * track, a video segment does not begin with a keyframe, is empty, or has another count of frames.
 */
export async function segmentEncoded(request: SegmentEncodedRequest): Promise<EncodedSegments> {
  await using input = await openEncoded(request.input, request.kind)
  const track: MuxTrack = input.track
  const packets = await readEncodedPackets(input, request.place)
  const groups = assignToSpans(packets, request)
  const made: EncodedSegment[] = []
  for (const [index, span] of request.segments.entries()) {
    const group = groups[index] ?? []
    verify(group, span, request, index)
    const bytes = Buffer.concat(await muxSegment(track, span.number, group))
    const last = group.reduce((end, packet) => Math.max(end, packet.seconds + packet.duration), 0)
    const first = group.reduce((start, packet) => Math.min(start, packet.seconds), Number.POSITIVE_INFINITY)
    const keyframe = request.kind === 'video' ? keyframeRange(bytes) : undefined
    made.push({
      number: span.number,
      bytes,
      frames: group.length,
      firstSeconds: first,
      endSeconds: last,
      ...(keyframe && { keyframe }),
    })
  }
  const bits = made.map((segment) => segment.bytes.byteLength * 8)
  const rates = bits.map((count, index) => count / (request.segments[index]?.duration || 1))
  const seconds = request.segments.reduce((sum, span) => sum + span.duration, 0)
  return {
    init: await muxInit(
      request.besides && track.description
        ? { ...track, description: joinAvcConfigs(track.description, request.besides) }
        : track,
    ),
    segments: made,
    codecs: trackCodecs(track),
    ...(track.kind === 'video' ? { width: track.width, height: track.height } : {}),
    peakBandwidth: Math.ceil(Math.max(0, ...rates)),
    averageBandwidth: Math.ceil(bits.reduce((sum, count) => sum + count, 0) / (seconds || 1)),
  }
}

/** Decode order is kept: a segment begins at the keyframe that lies on its start. */
function assignToSpans(packets: readonly MuxPacket[], request: SegmentEncodedRequest): MuxPacket[][] {
  const groups: MuxPacket[][] = request.segments.map(() => [])
  const end = (span: SegmentSpan | undefined) => (span ? span.start + span.duration : 0)
  let index = 0
  for (const packet of packets) {
    const begins = packet.seconds + TOLERANCE
    if (request.kind === 'audio') {
      if (begins < (request.segments[0]?.start ?? 0)) continue
      while (index < request.segments.length && begins >= end(request.segments[index])) index++
      if (index >= request.segments.length) break
    } else if (packet.key) {
      while (index + 1 < request.segments.length && begins >= end(request.segments[index])) index++
    }
    groups[index]?.push(packet)
  }
  return groups
}

function verify(
  group: readonly MuxPacket[],
  span: SegmentSpan,
  request: SegmentEncodedRequest,
  index: number,
): void {
  const fail = (message: string): AppError =>
    new AppError('encode-failed', `Segment ${span.number}: ${message}`, {
      fields: { segment: span.number, start: span.start, duration: span.duration, frames: group.length },
    })
  const first = group[0]
  if (!first) throw fail('the encoder made no packets for it.')
  if (request.kind === 'audio') return
  if (!first.key) throw fail('it does not begin with a keyframe.')
  if (first.seconds > span.start + span.duration || first.seconds < span.start - TOLERANCE) {
    throw fail(`its keyframe is at ${first.seconds.toFixed(3)} s.`)
  }
  const late = group.find((packet) => packet.seconds >= span.start + span.duration + TOLERANCE)
  if (late)
    throw fail(`it has a frame at ${late.seconds.toFixed(3)} s: a keyframe is missing at the next boundary.`)
  const expected = request.frames?.[index]
  if (expected !== undefined && expected !== group.length)
    throw fail(`it has ${group.length} frames instead of ${expected}.`)
}
