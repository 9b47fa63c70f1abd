/**
 * Follows the log of a broadcast and writes the original rendition and its audio, packet for packet.
 * Stopped anywhere, a later run goes on from the last line of the timeline and writes the same bytes.
 */

import type { VideoId } from '../kernel/ids.ts'
import { mediaKeys } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import type { LogParts } from '../recording/broadcast-log.ts'
import { type ReadableFile, readLog } from '../recording/log-reader.ts'
import type { LeftOut } from './flv-tracks.ts'
import { LogBuffers, LogMemory } from './log-memory.ts'
import { howToRead, PackagingRun } from './packaging-run.ts'
import type { TimelineEvents } from './segment-to-write.ts'
import { earlier, parseTimeline, type Timeline } from './timeline.ts'
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
        ...howToRead(part),
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
