/**
 * Audio waiting for its segment, on a clock of samples: FLV rounds timestamps to milliseconds, but
 * frames of audio follow each other without gap, so while the two agree the samples are believed.
 * Where the source sent nothing, silence is put.
 */

import type { Configured } from './configured-tags.ts'
import type { FlvAudioTrack } from './flv-tracks.ts'
import type { AudioPacket } from './log-packets.ts'
import type { MuxPacket } from './segment-muxer.ts'
import { silentFrame } from './silence.ts'

export interface TimedAudio {
  readonly packet: AudioPacket
  /** Place of its first sample, in samples since the start of the timeline. */
  readonly ticks: number
  /** The sample clock before it. */
  readonly ticksBefore: number | undefined
}

export interface AudioQueueResume {
  readonly next: number | undefined
  readonly filledTo: number | undefined
  readonly track: Configured<FlvAudioTrack> | undefined
}

/** Further apart than this, the timestamps are right and the samples are not. */
const TOLERANCE_SECONDS = 0.025
/** A shorter hole is left to the player. */
const SHORTEST_SILENCE_SECONDS = 0.25

export class AudioQueue {
  readonly #waiting: TimedAudio[] = []
  /** Where the next frame is expected. */
  #next: number | undefined
  #track: Configured<FlvAudioTrack> | undefined
  /** End of the audio given out so far, seconds. */
  #filledTo: number | undefined

  constructor(resume?: AudioQueueResume) {
    this.#next = resume?.next
    this.#filledTo = resume?.filledTo
    this.#track = resume?.track
  }

  /** Seconds; undefined when none was given out in this session. */
  get filledTo(): number | undefined {
    return this.#filledTo
  }

  push(packet: AudioPacket): void {
    const { sampleRate } = packet.track.track
    const samples = samplesOf(packet)
    if (this.#track && this.#track !== packet.track) this.#next = undefined
    this.#track = packet.track
    const before = this.#next
    const told = Math.round((packet.ptsMs * sampleRate) / 1000)
    const agrees = before !== undefined && Math.abs(told - before) <= TOLERANCE_SECONDS * sampleRate
    const ticks = agrees ? before : Math.max(told, (before ?? 0) - samples + 1)
    // Of a packet that does not tell its length, the next one's timestamp is believed.
    this.#next = samples > 0 ? ticks + samples : undefined
    this.#waiting.push({ packet, ticks, ticksBefore: before })
  }

  /** Seconds up to which audio has arrived; -Infinity when none waits. */
  get arrivedTo(): number {
    const last = this.#waiting.at(-1)
    return last ? seconds(last) : Number.NEGATIVE_INFINITY
  }

  get first(): TimedAudio | undefined {
    return this.#waiting[0]
  }

  get next(): number | undefined {
    return this.#next
  }

  /** Where the audio that waits ends, seconds. */
  get end(): number {
    const last = this.#waiting.at(-1)
    return last ? seconds(last) + frameSeconds(last) : Number.NEGATIVE_INFINITY
  }

  /** The configuration of the audio that begins before `boundary`, if any. */
  trackBefore(boundary: number): Configured<FlvAudioTrack> | undefined {
    const first = this.#waiting[0]
    return first && seconds(first) < boundary ? first.packet.track : undefined
  }

  /** Takes out what begins before `boundary` (seconds). What has another configuration than `track` is lost, and there is at most one GOP of it. */
  take(boundary: number, track: Configured<FlvAudioTrack> | undefined, from: number): MuxPacket[] {
    const count = this.#waiting.findIndex((audio) => seconds(audio) >= boundary)
    const taken = this.#waiting.splice(0, count === -1 ? this.#waiting.length : count)
    if (!track) return []
    const frame = frameLength(track)
    const packets: MuxPacket[] = []
    let at = Math.max(this.#filledTo ?? from, from - 1)
    for (const audio of taken.filter((one) => one.packet.track === track)) {
      // Late, where silence was put already.
      if (seconds(audio) < at - 2 * TOLERANCE_SECONDS && this.#filledTo !== undefined) continue
      packets.push(...silence(track, at, seconds(audio)))
      packets.push({
        data: audio.packet.data,
        seconds: seconds(audio),
        duration: frameSeconds(audio),
        key: true,
      })
      at = seconds(audio) + frameSeconds(audio)
    }
    const tail = silence(track, at, boundary)
    packets.push(...tail)
    this.#filledTo = tail.length > 0 ? at + tail.length * frame : Math.max(at, this.#filledTo ?? 0)
    return packets
  }

  /** The source's session is over: what comes next has its own place. */
  reset(): void {
    this.#waiting.length = 0
    this.#next = undefined
    this.#track = undefined
    this.#filledTo = undefined
  }
}

function seconds(audio: TimedAudio): number {
  return audio.ticks / audio.packet.track.track.sampleRate
}

function frameSeconds(audio: TimedAudio): number {
  return samplesOf(audio.packet) / audio.packet.track.track.sampleRate
}

function samplesOf(packet: AudioPacket): number {
  return packet.samples ?? packet.track.track.samplesPerFrame
}

function frameLength({ track }: Configured<FlvAudioTrack>): number {
  return track.samplesPerFrame / track.sampleRate
}

function silence(configured: Configured<FlvAudioTrack>, from: number, to: number): MuxPacket[] {
  const data = to - from >= SHORTEST_SILENCE_SECONDS ? silentFrame(configured.track) : undefined
  if (!data) return []
  const { sampleRate, samplesPerFrame } = configured.track
  const first = Math.round(from * sampleRate)
  const count = Math.floor((Math.round(to * sampleRate) - first) / samplesPerFrame)
  return Array.from({ length: count }, (_, index) => ({
    data,
    seconds: (first + index * samplesPerFrame) / sampleRate,
    duration: samplesPerFrame / sampleRate,
    key: true,
  }))
}
