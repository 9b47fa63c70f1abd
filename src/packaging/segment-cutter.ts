/**
 * Packets in the order of the log to segments: cut at the source's own keyframes, no shorter than
 * 1.8 s; audio goes to the segment in which its presentation time falls; without video, a cut every
 * 2 s of audio. Pure, and depends on nothing but the packets.
 *
 * A keyframe's segment begins with the earliest picture that follows it (open GOPs show pictures
 * before their keyframe), so a cut is made when a picture later than the keyframe is seen.
 */
import { AudioQueue, type AudioQueueResume } from './audio-queue.ts'
import type { FlvAudioTrack, FlvVideoTrack } from './flv-tracks.ts'
import type { AudioPacket, Configured, LogPacket, VideoPacket } from './log-packets.ts'
import { earliestMs, latestMs, type PictureGroup, timed, videoEndMs } from './picture-group.ts'
import type { MuxPacket } from './segment-muxer.ts'
import { silentFrame } from './silence.ts'
import { isBefore, type LogPosition, type LogResume } from './timeline.ts'

export interface CutSegment {
  /** Seconds on the timeline. */
  readonly start: number
  readonly end: number
  readonly video: Configured<FlvVideoTrack> | undefined
  readonly audio: Configured<FlvAudioTrack> | undefined
  readonly videoPackets: readonly MuxPacket[]
  readonly audioPackets: readonly MuxPacket[]
  /** From decoding to showing, as the source has it at the keyframe. */
  readonly delaySeconds: number
  /** Where the log goes on; absent for the last segment of a session. */
  readonly next: { readonly video: LogPosition; readonly resume: LogResume } | undefined
}

const MIN_SEGMENT_MS = 1800
const AUDIO_SEGMENT_SECONDS = 2
/** How much video may come before audio that is late is no longer waited for. */
const AUDIO_WAIT_MS = 1000
/** Video that stays away this long behind audio has stopped. */
const VIDEO_GONE_MS = 10_000
/** Pictures without a keyframe are held in memory this long and no longer. */
const MAX_GROUP_MS = 300_000
const MAX_GROUP_BYTES = 128 * 1024 * 1024

export interface CutterResume {
  readonly startSeconds: number
  readonly audio: AudioQueueResume
}

export class SegmentCutter {
  #open: VideoPacket[] = []
  #openBytes = 0
  /** Index in #open of the keyframe that a new segment begins with. */
  #cutAt: number | undefined
  /** Video that waits for its audio. */
  readonly #groups: PictureGroup[] = []
  readonly #audio: AudioQueue
  #lastAudio: Configured<FlvAudioTrack> | undefined
  /** Start of what is not cut yet, seconds; set by the first segment of a session. */
  #start: number | undefined
  #latestVideoMs = Number.NEGATIVE_INFINITY

  constructor(resume?: CutterResume) {
    this.#audio = new AudioQueue(resume?.audio)
    this.#start = resume?.startSeconds
    this.#lastAudio = resume?.audio.track
  }

  /** The source has announced sound: until it comes, silence stands for it, so that nothing changes when it does. */
  expectAudio(track: Configured<FlvAudioTrack> | undefined): void {
    if (track && !this.#lastAudio && silentFrame(track.track)) this.#lastAudio = track
  }

  /** Pictures wait to be cut, for a picture after their keyframe or for their sound. */
  get isCutting(): boolean {
    return this.#cutAt !== undefined || this.#groups.length > 0
  }

  push(packet: LogPacket): CutSegment[] {
    return packet.kind === 'video' ? this.#pushVideo(packet) : this.#pushAudio(packet)
  }

  /** The source's session is over: everything that waits, and where it ends (milliseconds, whole). */
  flush(): { readonly segments: CutSegment[]; readonly endMs: number | undefined } {
    const segments: CutSegment[] = []
    if (this.#cutAt !== undefined) this.#cut(this.#cutAt)
    const audioEnd = this.#audio.end
    if (this.#open.length > 0) {
      const packets = this.#open
      const endMs = Math.ceil(Math.max(videoEndMs(packets), audioEnd * 1000))
      this.#groups.push({ packets, startMs: earliestMs(packets), endMs, next: undefined, final: true })
      this.#open = []
      this.#openBytes = 0
    }
    while (this.#groups.length > 0) segments.push(...this.#emit(true))
    if (this.#audio.first) {
      const track = this.#audio.first.packet.track
      segments.push(...this.#audioSegment(Math.ceil(audioEnd * 1000 - 0.001) / 1000, track, undefined))
    }
    const end = this.#start
    this.#audio.reset()
    this.#start = undefined
    this.#lastAudio = undefined
    this.#latestVideoMs = Number.NEGATIVE_INFINITY
    return { segments, endMs: end === undefined ? undefined : Math.round(end * 1000) }
  }

  #pushVideo(packet: VideoPacket): CutSegment[] {
    const before: CutSegment[] = []
    const first = this.#open[0]
    if (!first) {
      if (!packet.key) return []
      // Audio alone until here: it ends where the picture begins.
      before.push(...this.#endAudioOnly(packet))
      // Pictures shown before it cannot be decoded from here.
    } else if (packet.track !== first.track && this.#cutAt === undefined) {
      if (!packet.key) return []
      this.#cutAt = this.#open.length
    } else if (packet.key && this.#cutAt === undefined) {
      if (packet.ptsMs - earliestMs(this.#open) >= MIN_SEGMENT_MS) this.#cutAt = this.#open.length
    }
    if (first && this.#cutAt === undefined && this.#isEndless(first, packet)) {
      this.#endPictures(packet)
      return [...before, ...this.#emit(false)]
    }
    this.#open.push(packet)
    this.#openBytes += packet.data.byteLength
    this.#latestVideoMs = Math.max(this.#latestVideoMs, packet.ptsMs)
    const key = this.#cutAt === undefined ? undefined : this.#open[this.#cutAt]
    if (key && packet !== key && packet.ptsMs > key.ptsMs) this.#cut(this.#cutAt ?? 0)
    return [...before, ...this.#emit(false)]
  }

  #pushAudio(packet: AudioPacket): CutSegment[] {
    this.#audio.push(packet)
    const first = this.#open[0]
    if (!first && this.#groups.length === 0) return this.#cutAudioOnly(packet)
    if (first && packet.ptsMs - this.#latestVideoMs > VIDEO_GONE_MS) {
      if (this.#cutAt !== undefined) this.#cut(this.#cutAt)
      this.#endPictures(undefined)
    }
    return this.#emit(false)
  }

  /** A group of pictures that is held in memory until its end must have one. */
  #isEndless(first: VideoPacket, packet: VideoPacket): boolean {
    return this.#openBytes > MAX_GROUP_BYTES || packet.ptsMs - first.ptsMs > MAX_GROUP_MS
  }

  /** The pictures so far are a segment; those that follow are none of it until there is a keyframe. */
  #endPictures(next: VideoPacket | undefined): void {
    const packets = this.#open
    this.#open = []
    this.#openBytes = 0
    this.#groups.push({
      packets,
      startMs: earliestMs(packets),
      endMs: videoEndMs(packets),
      next,
      final: false,
    })
  }

  #cut(at: number): void {
    const packets = this.#open.slice(0, at)
    this.#open = this.#open.slice(at)
    this.#openBytes = this.#open.reduce((sum, { data }) => sum + data.byteLength, 0)
    this.#cutAt = undefined
    // Where the configuration changes, an encoder that delays less shows its first pictures too early.
    const endMs = Math.max(earliestMs(this.#open), latestMs(packets) + 1)
    const next = this.#open[0]
    this.#groups.push({ packets, startMs: earliestMs(packets), endMs, next, final: false })
  }

  /** Gives out the groups whose audio is complete, or all of them. */
  #emit(all: boolean): CutSegment[] {
    const segments: CutSegment[] = []
    for (let group = this.#groups[0]; group; group = this.#groups[0]) {
      const hasAudio = this.#lastAudio !== undefined || this.#audio.first !== undefined
      const arrived = this.#audio.arrivedTo * 1000 >= group.endMs
      if (!all && hasAudio && !arrived && this.#latestVideoMs < group.endMs + AUDIO_WAIT_MS) break
      this.#groups.shift()
      segments.push(this.#videoSegment(group))
    }
    return segments
  }

  #videoSegment(group: PictureGroup): CutSegment {
    const start = this.#start ?? group.startMs / 1000
    const end = Math.max(group.endMs / 1000, start)
    const audio = this.#audio.trackBefore(end) ?? this.#lastAudio
    const audioPackets = this.#audio.take(
      end,
      audio,
      this.#lastAudio ? start : Math.min(start, this.#firstAudio(start)),
    )
    this.#lastAudio = audio
    this.#start = end
    const { packets } = group
    // Without a keyframe after it, video has stopped and audio goes on, or the session is over.
    const next = group.next ?? (group.final ? undefined : this.#audio.first?.packet)
    const videoConfig = next?.kind === 'video' ? next.track.position : undefined
    return {
      start,
      end,
      video: packets[0]?.track,
      audio,
      videoPackets: timed(packets, end),
      audioPackets,
      delaySeconds: Math.max(0, packets[0]?.compositionMs ?? 0) / 1000,
      next: next && { video: next.position, resume: this.#resume(next, videoConfig) },
    }
  }

  #firstAudio(otherwise: number): number {
    const first = this.#audio.first
    return first ? first.packet.ptsMs / 1000 : otherwise
  }

  #cutAudioOnly(packet: AudioPacket): CutSegment[] {
    const first = this.#audio.first
    if (!first || first.packet === packet) return []
    const start = this.#start ?? this.#firstAudio(0)
    const arrived = this.#audio.arrivedTo
    if (first.packet.track !== packet.track) return this.#audioSegment(arrived, first.packet.track, packet)
    return arrived - start >= AUDIO_SEGMENT_SECONDS ? this.#audioSegment(arrived, packet.track, packet) : []
  }

  #endAudioOnly(key: VideoPacket): CutSegment[] {
    const first = this.#audio.first
    if (this.#groups.length > 0) return []
    const end = key.ptsMs / 1000
    if (!first) {
      // Pictures were left out for want of a keyframe, and nothing else was sent: a hole no player gets over.
      return this.#start !== undefined && end - this.#start >= 1 ? this.#emptySegment(end, key) : []
    }
    // A beginning: what little audio is there belongs to the first picture's segment.
    if (this.#start === undefined && end - this.#firstAudio(0) < 1) return []
    if (this.#start !== undefined && end <= this.#start) return []
    return this.#audioSegment(end, first.packet.track, undefined, key)
  }

  #emptySegment(end: number, key: VideoPacket): CutSegment[] {
    const start = this.#start ?? 0
    const audio = this.#lastAudio
    const audioPackets = audio ? this.#audio.take(end, audio, start) : []
    this.#start = end
    const next = { video: key.position, resume: this.#resume(key, key.track.position) }
    return [{ start, end, video: undefined, audio, videoPackets: [], audioPackets, delaySeconds: 0, next }]
  }

  #audioSegment(
    end: number,
    track: Configured<FlvAudioTrack>,
    next: AudioPacket | undefined,
    key?: VideoPacket,
  ): CutSegment[] {
    const start = this.#start ?? this.#firstAudio(0)
    const audioPackets = this.#audio.take(end, track, start)
    if (audioPackets.length === 0) return []
    this.#lastAudio = track
    this.#start = end
    const following = key ?? next
    const resume = following && {
      video: following.position,
      resume: this.#resume(following, key?.track.position),
    }
    return [
      {
        start,
        end,
        video: undefined,
        audio: track,
        videoPackets: [],
        audioPackets,
        delaySeconds: 0,
        next: resume,
      },
    ]
  }

  /** How to go on at `next`: from the earlier of it and the first audio that is not given out. */
  #resume(next: LogPacket, videoConfig: LogPosition | undefined): LogResume {
    const waiting = this.#audio.first
    const audio = waiting?.packet.position ?? this.#open.at(-1)?.position ?? next.position
    const earlier = waiting && isBefore(waiting.packet.position, next.position) ? waiting.packet : next
    const audioConfig = (waiting?.packet.track ?? this.#lastAudio)?.position
    const audioTicks = waiting ? waiting.ticksBefore : this.#audio.next
    return {
      audio,
      ...(videoConfig ? { videoConfig } : {}),
      ...(audioConfig ? { audioConfig } : {}),
      clock: earlier.clock,
      ...(audioTicks === undefined ? {} : { audioTicks }),
      ...(this.#audio.filledTo === undefined ? {} : { audioEnd: this.#audio.filledTo }),
    }
  }
}
