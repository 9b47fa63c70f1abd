/**
 * The segments of an uploaded file: cut at its keyframes as segment-cutter.ts cuts a log. Times are
 * moved so that the first picture is shown as soon as audio before it and decoding allow; audio keeps
 * its offset to the pictures.
 */
import { type EncodedPacket, EncodedPacketSink, type InputAudioTrack, type InputVideoTrack } from 'mediabunny'
import type { MuxAudioTrack, MuxPacket, MuxVideoTrack } from './segment-muxer.ts'
import type { SegmentToWrite } from './segment-to-write.ts'

export interface UploadTracks {
  readonly video: { readonly track: MuxVideoTrack; readonly source: InputVideoTrack }
  readonly audio: { readonly track: MuxAudioTrack; readonly source: InputAudioTrack } | undefined
  /** Where sound that is encoded beside the timeline ends, seconds on the file's clock: the timeline holds all of it. */
  readonly soundEnd?: number | undefined
  /** Seconds on the file's clock that are 0 on the timeline. */
  readonly originSeconds: number
  readonly delaySeconds: number
}

/** Its packets would not make segments that a player can start with, or show what they should not. */
export class CannotBePassed extends Error {
  override readonly name = 'CannotBePassed'
}

const MIN_SEGMENT_SECONDS = 1.8
const MAX_SEGMENT_SECONDS = 12.5
/** More pictures a second than this are for slow motion: no player shows them, and each costs every rung its work. */
const MAX_PICTURES_PER_SECOND = 300
/** Pictures before the file's own beginning are there to be decoded, not to be shown. */
const MAX_HIDDEN_SECONDS = 0.1
/** Sound that outlasts the pictures; longer, there has to be a place to begin in it. */
const MAX_TAIL_SECONDS = 60
const MAX_AUDIO_LEAD_SECONDS = 0.5
/** Finer than this, times are kept at 90 kHz. */
const MAX_TIMESCALE = 1_000_000
const PACKETS_LOOKED_AT = 60
/** Samples; ISO/IEC 14496-3 §4.5.1.1. There is one of 960, too. */
const AAC_FRAME = 1024
/** Two times in whole milliseconds lie as far from what they stand for, together. */
const ROUNDED_SECONDS = 0.0008

/** Looks at the beginning of both tracks. Throws what the reader throws. */
export async function makeUploadTracks(
  video: UploadTracks['video'],
  audio: UploadTracks['audio'],
): Promise<UploadTracks> {
  const first = await firstPackets(video.source)
  const firstPicture = Math.min(...first.map((packet) => packet.timestamp))
  if (firstPicture < -MAX_HIDDEN_SECONDS) throw new CannotBePassed('It begins between two keyframes.')
  const firstSound = audio && (await new EncodedPacketSink(audio.source).getFirstPacket())?.timestamp
  const lead = firstSound === undefined ? 0 : firstPicture - firstSound
  const delay = reorderingDelay(first)
  const timescale = usableTimescale(video.track.timescale)
  // A whole number of ticks, so that every time stays on one.
  const room =
    Math.ceil(Math.min(Math.max(0, lead, delay), MAX_AUDIO_LEAD_SECONDS) * timescale - 1e-6) / timescale
  return {
    video: { ...video, track: { ...video.track, timescale } },
    audio,
    originSeconds: firstPicture - room,
    delaySeconds: delay,
  }
}

/** Throws CannotBePassed, what the reader throws on damage, and the signal's reason. What was whole before damage was given out. */
export async function* readUploadSegments(
  tracks: UploadTracks,
  signal?: AbortSignal,
): AsyncGenerator<SegmentToWrite, void> {
  const { timescale } = tracks.video.track
  const sink = new EncodedPacketSink(tracks.video.source)
  const audio = tracks.audio && new UploadAudio(tracks.audio, tracks.originSeconds)
  const toSeconds = (packet: EncodedPacket) =>
    Math.round((packet.timestamp - tracks.originSeconds) * timescale) / timescale
  let open: MuxPacket[] = []
  let cutAt: number | undefined
  let start: number | undefined
  let failure: { readonly error: unknown } | undefined

  const make = async (packets: MuxPacket[], end: number): Promise<SegmentToWrite> => {
    const begin = start ?? earliest(packets)
    if (packets.length > MAX_PICTURES_PER_SECOND * Math.max(1, end - begin))
      throw new CannotBePassed('It has more pictures a second than players show.')
    start = end
    const latest = packets.reduce((last, packet) => Math.max(last, packet.seconds), 0)
    return {
      start: begin,
      end,
      video: tracks.video.track,
      audio: tracks.audio?.track,
      videoPackets: packets.map((packet) => ({ ...packet, duration: Math.max(0, end - latest) })),
      audioPackets: audio ? await audio.before(end) : [],
      interrupted: false,
      frameRate: undefined,
      delaySeconds: tracks.delaySeconds,
    }
  }

  try {
    for (let packet = await sink.getFirstPacket(); packet; packet = await sink.getNextPacket(packet)) {
      signal?.throwIfAborted()
      const seconds = toSeconds(packet)
      const key = packet.type === 'key'
      const mux: MuxPacket = { data: packet.data, seconds, duration: packet.duration, key }
      const first = open[0]
      if (!first && !key) continue
      if (first && key && cutAt === undefined && seconds - first.seconds >= MIN_SEGMENT_SECONDS)
        cutAt = open.length
      open.push(mux)
      const keyframe = cutAt === undefined ? undefined : open[cutAt]
      if (keyframe && keyframe !== mux && seconds > keyframe.seconds) {
        const rest = open.slice(cutAt)
        yield await make(open.slice(0, cutAt), earliest(rest))
        open = rest
        cutAt = undefined
      }
      if (first && seconds - first.seconds > MAX_SEGMENT_SECONDS && cutAt === undefined) {
        throw new CannotBePassed(`Its keyframes are more than ${MAX_SEGMENT_SECONDS} s apart.`)
      }
    }
  } catch (error) {
    if (signal?.aborted || error instanceof CannotBePassed) throw error
    failure = { error }
  }
  if (open.length > 0) {
    const beside = tracks.soundEnd === undefined ? 0 : tracks.soundEnd - tracks.originSeconds
    const end = Math.max(lastEnd(open), audio ? await audio.end(lastEnd(open)) : beside)
    const length = end - (start ?? earliest(open))
    if (length > (start === undefined ? MAX_SEGMENT_SECONDS : MAX_TAIL_SECONDS))
      throw new CannotBePassed('Its sound goes on far beyond its last picture.')
    yield await make(open, end)
  }
  if (failure) throw failure.error
}

/** Audio of a file, pulled as far as its segment goes. */
class UploadAudio {
  readonly #sink: EncodedPacketSink
  readonly #track: MuxAudioTrack
  readonly #origin: number
  #next: Promise<EncodedPacket | null> | undefined
  /** Where the next packet is expected, in samples. */
  #expected: number | undefined
  /** Pulled by `end`, for the last segment. */
  #held: MuxPacket[] = []

  constructor(audio: NonNullable<UploadTracks['audio']>, origin: number) {
    this.#sink = new EncodedPacketSink(audio.source)
    this.#track = audio.track
    this.#origin = origin
  }

  /** The packets that begin before `end` (timeline seconds), in order. Damage ends them. */
  async before(end: number): Promise<MuxPacket[]> {
    const packets = this.#held
    this.#held = []
    for (let packet = await this.#peek(); packet; packet = await this.#peek()) {
      const ticks = this.#ticks(packet)
      if (ticks / this.#track.sampleRate >= end) break
      this.#next = this.#sink.getNextPacket(packet)
      const length = this.#length(packet)
      this.#expected = ticks + length
      // Before the timeline's beginning there is no place.
      if (ticks < 0) continue
      packets.push({
        data: packet.data,
        seconds: ticks / this.#track.sampleRate,
        duration: length / this.#track.sampleRate,
        key: true,
      })
    }
    return packets
  }

  /** Where audio ends when the pictures end at `pictures`: a little more is kept, a long tail without picture too. */
  async end(pictures: number): Promise<number> {
    const rest = await this.before(Number.POSITIVE_INFINITY)
    const last = rest.at(-1)
    this.#held = rest
    return last ? last.seconds + last.duration : pictures
  }

  async #peek(): Promise<EncodedPacket | null> {
    this.#next ??= this.#sink.getFirstPacket()
    return await this.#next.catch(() => null)
  }

  /**
   * In samples. Matroska has milliseconds, and at the end of a cluster nothing: a packet that is as long as a
   * frame of AAC, as far as can be told, is one.
   */
  #length({ duration }: EncodedPacket): number {
    const told = Math.round(duration * this.#track.sampleRate)
    const frames = Math.max(1, Math.round(told / AAC_FRAME)) * AAC_FRAME
    const isFrames = told === 0 || Math.abs(told - frames) <= ROUNDED_SECONDS * this.#track.sampleRate
    return isFrames ? frames : told
  }

  #ticks(packet: EncodedPacket): number {
    const told = Math.round((packet.timestamp - this.#origin) * this.#track.sampleRate)
    // Containers round to their own clock (Matroska: milliseconds): while both agree, samples are believed.
    const agrees =
      this.#expected !== undefined && Math.abs(told - this.#expected) <= 0.025 * this.#track.sampleRate
    return agrees ? (this.#expected ?? told) : Math.max(told, this.#expected ?? told)
  }
}

async function firstPackets(source: InputVideoTrack): Promise<EncodedPacket[]> {
  const sink = new EncodedPacketSink(source)
  const packets: EncodedPacket[] = []
  let packet = await sink.getFirstPacket({ metadataOnly: true })
  while (packet && packets.length < PACKETS_LOOKED_AT) {
    packets.push(packet)
    packet = await sink.getNextPacket(packet, { metadataOnly: true })
  }
  if (packets.length === 0) throw new Error('It has no pictures.')
  return packets
}

/** How long a picture waits at most between being decoded and being shown, when decoding keeps the pace of showing. */
function reorderingDelay(packets: readonly EncodedPacket[]): number {
  const sorted = packets.map((packet) => packet.timestamp).sort((a, b) => a - b)
  // The last ones may have neighbours that were not looked at.
  return packets
    .slice(0, Math.max(1, packets.length - 8))
    .reduce(
      (delay, packet, index) => Math.max(delay, (sorted[index] ?? packet.timestamp) - packet.timestamp),
      0,
    )
}

function usableTimescale(resolution: number): number {
  return Number.isInteger(resolution) && resolution >= 1 && resolution <= MAX_TIMESCALE ? resolution : 90_000
}

function earliest(packets: readonly MuxPacket[]): number {
  return packets.reduce((seconds, packet) => Math.min(seconds, packet.seconds), Number.POSITIVE_INFINITY)
}

/** Where the last picture ends: by its own duration, or that of the step before it. */
function lastEnd(packets: readonly MuxPacket[]): number {
  const sorted = [...packets].sort((a, b) => a.seconds - b.seconds)
  const last = sorted.at(-1)
  const before = sorted.at(-2)
  if (!last) return 0
  return last.seconds + (last.duration > 0 ? last.duration : before ? last.seconds - before.seconds : 1 / 30)
}
