/**
 * Packets in the order of the log to segments: groups of pictures as picture-queue.ts cuts them; audio goes to
 * the segment in which its presentation time falls; without video, a cut every 2 s of audio. Pure, and depends
 * on nothing but the packets.
 */
import { AudioQueue, type AudioQueueResume } from './audio-queue.ts'
import type { Configured } from './configured-tags.ts'
import type { FlvAudioTrack, FlvVideoTrack } from './flv-tracks.ts'
import type { AudioPacket, LogPacket, VideoPacket } from './log-packets.ts'
import { type PictureGroup, timed } from './picture-group.ts'
import { PictureQueue } from './picture-queue.ts'
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

const AUDIO_SEGMENT_SECONDS = 2
/** How much video may come before audio that is late is no longer waited for. */
const AUDIO_WAIT_MS = 1000
/** Video that stays away this long behind audio has stopped. */
const VIDEO_GONE_MS = 10_000

export interface CutterResume {
  readonly startSeconds: number
  readonly audio: AudioQueueResume
}

export class SegmentCutter {
  readonly #pictures = new PictureQueue()
  readonly #audio: AudioQueue
  #lastAudio: Configured<FlvAudioTrack> | undefined
  /** Start of what is not cut yet, seconds; set by the first segment of a session. */
  #start: number | undefined

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
    return this.#pictures.isCutting || this.#pictures.hasGroups
  }

  push(packet: LogPacket): CutSegment[] {
    return packet.kind === 'video' ? this.#pushVideo(packet) : this.#pushAudio(packet)
  }

  /** The source's session is over: everything that waits, and where it ends (milliseconds, whole). */
  flush(): { readonly segments: CutSegment[]; readonly endMs: number | undefined } {
    const segments: CutSegment[] = []
    const audioEnd = this.#audio.end
    this.#pictures.finish(audioEnd)
    while (this.#pictures.hasGroups) segments.push(...this.#emit(true))
    if (this.#audio.first) {
      const track = this.#audio.first.packet.track
      segments.push(...this.#audioSegment(Math.ceil(audioEnd * 1000 - 0.001) / 1000, track, undefined))
    }
    const end = this.#start
    this.#audio.reset()
    this.#start = undefined
    this.#lastAudio = undefined
    return { segments, endMs: end === undefined ? undefined : Math.round(end * 1000) }
  }

  #pushVideo(packet: VideoPacket): CutSegment[] {
    const before: CutSegment[] = []
    if (!this.#pictures.isOpen) {
      if (!packet.key) return []
      // Audio alone until here: it ends where the picture begins.
      before.push(...this.#endAudioOnly(packet))
      // Pictures shown before it cannot be decoded from here.
    }
    this.#pictures.push(packet)
    return [...before, ...this.#emit(false)]
  }

  #pushAudio(packet: AudioPacket): CutSegment[] {
    this.#audio.push(packet)
    const { isOpen, hasGroups, latestMs } = this.#pictures
    if (!isOpen && !hasGroups) return this.#cutAudioOnly(packet)
    if (isOpen && packet.ptsMs - latestMs > VIDEO_GONE_MS) this.#pictures.stop()
    return this.#emit(false)
  }

  /** Gives out the groups whose audio is complete, or all of them. */
  #emit(all: boolean): CutSegment[] {
    const segments: CutSegment[] = []
    for (let group = this.#pictures.firstGroup; group; group = this.#pictures.firstGroup) {
      const hasAudio = this.#lastAudio !== undefined || this.#audio.first !== undefined
      const arrived = this.#audio.arrivedTo * 1000 >= group.endMs
      if (!all && hasAudio && !arrived && this.#pictures.latestMs < group.endMs + AUDIO_WAIT_MS) break
      this.#pictures.shiftGroup()
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
    if (this.#pictures.hasGroups) return []
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
    const audio = waiting?.packet.position ?? this.#pictures.last?.position ?? next.position
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
