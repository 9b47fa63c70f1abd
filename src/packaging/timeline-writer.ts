/**
 * Writes a measured timeline: inits and segments under their final names, then the line that tells of
 * them. A line is appended only after its files are stored, in order; files are stored a few at once.
 */
import type { VideoId } from '../kernel/ids.ts'
import { AUDIO_RENDITION, type MediaKey, mediaKeys, ORIGINAL } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import { FillerWriter } from './filler-writer.ts'
import { keyframeRange } from './keyframe-range.ts'
import { isCarried, packPictures, type SourcePictures } from './segment-pictures.ts'
import { type KeptSound, packSound } from './segment-sound.ts'
import type { SegmentToWrite, TimelineEvents } from './segment-to-write.ts'
import type { Timeline, TimelineEntry, TimelineSegment } from './timeline.ts'
import { type SegmentInit, TimelineInits } from './timeline-inits.ts'
import { TimelineLines } from './timeline-lines.ts'

export class TimelineWriter {
  readonly #store: MediaStore
  readonly #video: VideoId
  readonly #events: TimelineEvents
  readonly #fillers: FillerWriter
  readonly #inits: TimelineInits
  readonly #lines: TimelineLines
  #segments: number
  #started: boolean
  /** Where the first segment begins, and the last one ends. */
  #start: number | undefined
  #end: number

  private constructor(
    store: MediaStore,
    video: VideoId,
    events: TimelineEvents,
    inits: TimelineInits,
    timeline: Timeline | undefined,
  ) {
    this.#store = store
    this.#video = video
    this.#events = events
    this.#inits = inits
    this.#fillers = new FillerWriter(store, video, timeline?.inits ?? [])
    this.#lines = new TimelineLines(store, mediaKeys.timeline(video))
    this.#started = timeline !== undefined
    this.#segments = timeline?.segments.length ?? 0
    this.#start = timeline?.segments[0]?.start
    this.#end = timeline?.duration ?? 0
  }

  /** Goes on with `timeline`, as it was read whole from the store, or begins. */
  static async open(
    store: MediaStore,
    video: VideoId,
    events: TimelineEvents,
    timeline?: Timeline,
  ): Promise<TimelineWriter> {
    const inits = await TimelineInits.open(store, video, timeline)
    return new TimelineWriter(store, video, events, inits, timeline)
  }

  /** Storing has failed: nothing more can be added. */
  get failed(): boolean {
    return this.#lines.failed
  }

  get segments(): number {
    return this.#segments
  }

  /** Seconds of all segments given to `add`. The clock may begin a little above 0, so their end may lie later. */
  get duration(): number {
    return Math.round((this.#end - (this.#start ?? this.#end)) * 1e6) / 1e6
  }

  /** Resolves when there is room for more. Rejects when storing has failed, now or before. */
  async add(segment: SegmentToWrite): Promise<void> {
    await this.#lines.enter()
    try {
      const init = await this.#inits.of(segment)
      if (init.files) await this.#begin(init)
      await this.#put(segment, init)
    } catch (error) {
      this.#lines.fail(error)
      throw error
    }
  }

  /** Resolves when everything added is in the timeline. */
  async settled(): Promise<void> {
    await this.#lines.settled()
  }

  /** Nothing follows. Writes nothing at all when there never was a segment. */
  async end(): Promise<void> {
    await this.settled()
    if (this.#segments > 0) await this.#lines.append([{ kind: 'end', duration: this.duration }])
  }

  /** A configuration that is new. */
  async #begin({ entry, files }: SegmentInit): Promise<void> {
    const put = async (rendition: string, bytes: Uint8Array | undefined) =>
      bytes && (await this.#store.put(mediaKeys.init(this.#video, rendition, entry.init), bytes))
    // What fillers are written back for stands in the timeline.
    await this.#lines.settled()
    await this.#fillers.begin(entry)
    await Promise.all([put(ORIGINAL, files?.video), put(AUDIO_RENDITION, files?.audio)])
    const start: TimelineEntry[] = this.#started ? [] : [{ kind: 'start', version: 1, timeline: 'measured' }]
    this.#started = true
    await this.#lines.append([...start, entry])
    this.#events.onInit?.(entry)
  }

  async #put(segment: SegmentToWrite, { entry: init, sound, files }: SegmentInit): Promise<void> {
    const number = this.#segments++
    const [pictures, sounds] = await Promise.all([
      segment.video && segment.videoPackets.length > 0
        ? packPictures(segment.video, number, segment.videoPackets, segment.delaySeconds)
        : undefined,
      sound && segment.audioPackets.length > 0 ? packSound(sound, number, segment.audioPackets) : undefined,
    ])
    const passed = segment.video && !isCarried(segment.video) ? pictures : undefined
    const keyframe = passed?.[0] && segment.videoPackets[0]?.key ? keyframeRange(passed[0]) : undefined
    const entry: TimelineSegment = {
      kind: 'segment',
      number,
      init: init.init,
      start: segment.start,
      duration: exactDuration(segment.start, segment.end),
      frames: segment.videoPackets.length,
      discontinuity: number > 0 && (segment.interrupted || files !== undefined),
      videoBytes: byteLength(passed),
      ...(keyframe && { keyframe }),
      audioBytes: sound?.how === 'passed' ? byteLength(sounds) : 0,
      ...(segment.log ? { log: segment.log } : {}),
    }
    this.#start ??= segment.start
    this.#end = segment.end
    const stored = Promise.all([
      pictures && this.#store.put(this.#picturesKey(segment.video, number), pictures),
      sounds && this.#store.put(this.#soundKey(sound, number), sounds),
      this.#fillers.add(entry),
    ])
    this.#lines.tell(stored, entry, () => this.#events.onSegment?.(entry, init))
  }

  #soundKey(sound: KeptSound | undefined, number: number): MediaKey {
    return sound?.how === 'carried'
      ? mediaKeys.carried(this.#video, 'audio', number)
      : mediaKeys.segment(this.#video, AUDIO_RENDITION, number)
  }

  #picturesKey(track: SourcePictures | undefined, number: number): MediaKey {
    return track && isCarried(track)
      ? mediaKeys.carried(this.#video, 'video', number)
      : mediaKeys.segment(this.#video, ORIGINAL, number)
  }
}

function byteLength(parts: readonly Uint8Array[] | undefined): number {
  return (parts ?? []).reduce((sum, part) => sum + part.byteLength, 0)
}

/** The double that added to `start` gives exactly `end`. */
export function exactDuration(start: number, end: number): number {
  const rounded = Math.round((end - start) * 1e6) / 1e6
  if (start + rounded === end) return rounded
  return end - start
}
