/**
 * Follows the log of a broadcast and writes the original rendition and its audio, packet for packet.
 * Stopped anywhere, a later run goes on from the last line of the timeline and writes the same bytes.
 */

import { AUDIO_TAG, VIDEO_TAG } from '../formats/flv/tag-header.ts'
import type { VideoId } from '../kernel/ids.ts'
import { mediaKeys } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import type { LogPart, LogParts } from '../recording/broadcast-log.ts'
import type { GrowingLog } from '../recording/log-growth.ts'
import { type LogTag, type ReadableFile, readLog } from '../recording/log-reader.ts'
import { isContinuedMark } from '../recording/part-head.ts'
import type { LeftOut } from './flv-tracks.ts'
import { LogBuffers, LogMemory } from './log-memory.ts'
import { LogPackets } from './log-packets.ts'
import { type CutSegment, SegmentCutter } from './segment-cutter.ts'
import type { TimelineEvents } from './segment-to-write.ts'
import {
  earlier,
  isBefore,
  type LogPosition,
  parseTimeline,
  type Timeline,
  type TimelineSegment,
} from './timeline.ts'
import { TimelineWriter } from './timeline-writer.ts'

export interface PackageBroadcastOptions extends TimelineEvents {
  readonly log: LogParts
  readonly video: VideoId
  readonly store: MediaStore
  /** Shared with what else is packaged here. */
  readonly buffers?: LogBuffers
  /** How the log's files are read. */
  readonly openFile?: (file: string) => Promise<ReadableFile>
  /** Stops where it stands; what was added is written. */
  readonly signal?: AbortSignal
}

export interface PackagedBroadcast {
  /** 0: nothing that can be played as it is was received. */
  readonly segments: number
  readonly durationSeconds: number
  /** Tracks that have to be transcoded from the recording: video that was left out leaves the timeline empty. */
  readonly leftOut: readonly LeftOut[]
  /** Seconds on the source's clock that are 0 on the timeline; undefined when the run began in the middle. */
  readonly originSeconds: number | undefined
  /** False: stopped by the signal before the end. */
  readonly complete: boolean
}

/** Resolves when the broadcast's end is packaged, or the signal fires. Rejects when the store or the log cannot be read or written. */
export async function packageBroadcast(options: PackageBroadcastOptions): Promise<PackagedBroadcast> {
  const { log, store, video, signal, openFile } = options
  const timeline = await readForWriting(store, video)
  const memory = new LogMemory(options.buffers ?? new LogBuffers())
  const events: TimelineEvents = {
    ...(options.onInit ? { onInit: options.onInit } : {}),
    onSegment(segment, init) {
      if (segment.log?.resume) memory.release(earlier(segment.log, segment.log.resume.audio))
      options.onSegment?.(segment, init)
    },
  }
  const writer = await TimelineWriter.open(store, video, events, timeline)
  const leftOut: LeftOut[] = []
  let originMs: number | undefined
  const result = (complete: boolean): PackagedBroadcast => ({
    originSeconds: originMs === undefined ? undefined : originMs / 1000,
    segments: writer.segments,
    durationSeconds: writer.duration,
    leftOut,
    complete,
  })
  if (timeline?.ended) return result(true)
  const run = new PackagingRun(writer, timeline?.segments.at(-1), leftOut)
  try {
    await run.resume(log)
    for (
      let part = await log.nextPart(run.firstPart, signal);
      part;
      part = await log.nextPart(part.part + 1, signal)
    ) {
      const from = run.from(part.part)
      const reading = {
        ...how(part),
        ...(signal ? { signal } : {}),
        ...(openFile ? { openFile } : {}),
        takeBuffer: memory.take,
        groups: () => !run.isCutting,
        from,
      }
      for await (const tags of readLog(part.file, reading)) {
        const last = tags.at(-1)
        if (last) memory.holds({ part: part.part, offset: last.end })
        await run.take(tags, part.part)
      }
    }
    await run.endSession()
    originMs = run.originMs
    if (leftOut.every((track) => track.track !== 'video')) await writer.end()
    return result(true)
  } catch (error) {
    // What is on its way to the store arrives before another run looks at it.
    const settled = await writer.settled().catch((failure: unknown) => ({ failure }))
    if (!signal?.aborted) throw error
    if (settled) throw settled.failure
    return result(false)
  }
}

/** The timeline so far, with a line that a crash cut off removed; undefined when there is none. */
async function readForWriting(store: MediaStore, video: VideoId): Promise<Timeline | undefined> {
  const bytes = await store.read(mediaKeys.timeline(video))
  if (!bytes) return undefined
  const whole = bytes.lastIndexOf(0x0a) + 1
  if (whole < bytes.length) await store.truncate(mediaKeys.timeline(video), whole)
  return whole === 0 ? undefined : parseTimeline(bytes.subarray(0, whole).toString('utf8'))
}

class PackagingRun {
  readonly #writer: TimelineWriter
  readonly #last: TimelineSegment | undefined
  readonly #leftOut: LeftOut[]
  #packets: LogPackets
  #cutter: SegmentCutter
  /** Tags before these are in the timeline already. */
  #videoFrom: LogPosition = { part: 0, offset: 0 }
  #audioFrom: LogPosition = { part: 0, offset: 0 }
  #interrupted = false
  /** Where reading stands: after the last tag taken. */
  #at: LogPosition = { part: 0, offset: 0 }

  constructor(writer: TimelineWriter, last: TimelineSegment | undefined, leftOut: LeftOut[]) {
    this.#writer = writer
    this.#last = last
    this.#leftOut = leftOut
    const resume = last?.log?.resume
    this.#packets = new LogPackets({ clock: resume?.clock, onLeftOut: (track) => leftOut.push(track) })
    this.#cutter = new SegmentCutter()
    if (last?.log) {
      this.#videoFrom = last.log
      this.#audioFrom = resume?.audio ?? last.log
      this.#at = isBefore(this.#audioFrom, this.#videoFrom) ? this.#audioFrom : this.#videoFrom
      // The session ended there: what follows is another one.
      if (!resume) this.#startSession(Math.round((last.start + last.duration) * 1000))
    }
  }

  /** A segment's end has been seen, and what belongs to it is still to come. */
  get isCutting(): boolean {
    return this.#cutter.isCutting
  }

  get originMs(): number | undefined {
    return this.#packets.originMs
  }

  get firstPart(): number {
    return this.#at.part
  }

  /** Where to begin reading a part. */
  from(part: number): number {
    return part === this.#at.part ? this.#at.offset : 0
  }

  /** Reads the decoder configurations that were in force where the timeline ends. */
  async resume(log: LogParts): Promise<void> {
    const resume = this.#last?.log?.resume
    if (!this.#last || !resume) return
    for (const position of [resume.videoConfig, resume.audioConfig]) {
      if (!position) continue
      for (const tag of await headOf(log, position)) this.#packets.configure(tag, position.part)
    }
    this.#cutter = new SegmentCutter({
      startSeconds: this.#last.start + this.#last.duration,
      audio: { next: resume.audioTicks, filledTo: resume.audioEnd, track: this.#packets.audio },
    })
  }

  async take(tags: readonly LogTag[], part: number): Promise<void> {
    for (const tag of tags) {
      if (tag.offset <= FIRST_TAG_OFFSET && !isContinuedMark(tag.body)) await this.#beginPart(part)
      this.#at = { part, offset: tag.end }
      // The picture is what the timeline is made of: without it nothing is packaged.
      if (this.#leftOut.some((track) => track.track === 'video')) continue
      await this.#give(this.#packets.push(tag, part))
    }
  }

  async endSession(): Promise<void> {
    await this.#give(this.#packets.flush())
    const { segments, endMs } = this.#cutter.flush()
    for (const segment of segments) await this.#write(segment)
    this.#startSession(endMs ?? this.#packets.clock.end)
  }

  async #beginPart(part: number): Promise<void> {
    if (part === 0) return
    await this.endSession()
  }

  #startSession(endMs: number): void {
    this.#packets.startSession(endMs)
    this.#interrupted = endMs > 0
  }

  async #give(packets: ReturnType<LogPackets['push']>): Promise<void> {
    this.#cutter.expectAudio(this.#packets.audio)
    for (const packet of packets) {
      const from = packet.kind === 'video' ? this.#videoFrom : this.#audioFrom
      if (isBefore(packet.position, from)) continue
      for (const segment of this.#cutter.push(packet)) await this.#write(segment)
    }
  }

  async #write(segment: CutSegment): Promise<void> {
    const next = segment.next
    await this.#writer.add({
      start: segment.start,
      end: segment.end,
      video: segment.video?.track,
      audio: segment.audio?.track,
      videoPackets: segment.videoPackets,
      audioPackets: segment.audioPackets,
      interrupted: this.#interrupted,
      frameRate: segment.video?.track.frameRate,
      delaySeconds: segment.delaySeconds,
      log: next ? { ...next.video, resume: next.resume } : this.#at,
    })
    this.#interrupted = false
  }
}

const FIRST_TAG_OFFSET = 13

/** The tag at a position, and the metadata at the beginning of its part. */
async function headOf(log: LogParts, position: LogPosition): Promise<LogTag[]> {
  const part = await log.nextPart(position.part)
  if (!part) return []
  const found: LogTag[] = []
  for (const from of [0, position.offset]) {
    for await (const tags of readLog(part.file, { ...how(part), from })) {
      const own =
        from === 0 ? tags.filter((tag) => tag.type !== VIDEO_TAG && tag.type !== AUDIO_TAG) : tags.slice(0, 1)
      found.push(...own)
      break
    }
  }
  return found
}

function how(part: LogPart): { readonly growth?: GrowingLog; readonly foreign?: boolean } {
  return { ...(part.growth ? { growth: part.growth } : {}), ...(part.foreign ? { foreign: true } : {}) }
}
