/**
 * Writes a measured timeline: inits and segments under their final names, then the line that tells of
 * them. A line is appended only after its files are stored, in order; files are stored a few at once.
 */
import type { VideoId } from '../kernel/ids.ts'
import { AUDIO_RENDITION, type MediaKey, mediaKeys, ORIGINAL } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import { FillerWriter } from './filler-writer.ts'
import {
  carriedVideoInit,
  describePictures,
  isCarried,
  packPictures,
  picturesInit,
  type SourcePictures,
} from './segment-pictures.ts'
import {
  carriedInit,
  describeSound,
  type KeptSound,
  keepSound,
  packSound,
  soundInit,
} from './segment-sound.ts'
import type { SegmentToWrite, TimelineEvents } from './segment-to-write.ts'
import {
  encodeTimelineEntry,
  type Timeline,
  type TimelineEntry,
  type TimelineInit,
  type TimelineSegment,
} from './timeline.ts'

interface WrittenInit {
  readonly entry: TimelineInit
  readonly video: Uint8Array | undefined
  readonly audio: Uint8Array | undefined
}

/** A segment whose line is not in the timeline yet. */
interface Untold {
  readonly entry: TimelineSegment
  readonly told: () => void
  readonly stored: Promise<unknown>
  isStored: boolean
}

/** Segments being stored at a time: syncing a file is waiting. */
const IN_FLIGHT = 8

export class TimelineWriter {
  readonly #store: MediaStore
  readonly #video: VideoId
  readonly #events: TimelineEvents
  readonly #fillers: FillerWriter
  #init: WrittenInit | undefined
  readonly #inits: TimelineInit[]
  #segments: number
  #started: boolean
  /** Where the first segment begins, and the last one ends. */
  #start: number | undefined
  #end: number
  /** Stored and told, in order. */
  #told: Promise<void> = Promise.resolve()
  readonly #untold: Untold[] = []
  #telling = false
  #inFlight = 0
  readonly #room: (() => void)[] = []
  #failure: { readonly error: unknown } | undefined

  private constructor(
    store: MediaStore,
    video: VideoId,
    events: TimelineEvents,
    timeline: Timeline | undefined,
  ) {
    this.#store = store
    this.#video = video
    this.#events = events
    this.#fillers = new FillerWriter(store, video, timeline?.inits ?? [])
    this.#started = timeline !== undefined
    this.#inits = [...(timeline?.inits ?? [])]
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
    const writer = new TimelineWriter(store, video, events, timeline)
    const last = timeline?.inits.at(-1)
    if (last) {
      const read = async (rendition: string, present: boolean) =>
        present ? await store.read(mediaKeys.init(video, rendition, last.init)) : undefined
      writer.#init = {
        entry: last,
        video: last.carriedVideo
          ? carriedVideoInit(last.carriedVideo)
          : await read(ORIGINAL, last.video !== undefined),
        audio: last.carriedAudio
          ? carriedInit(last.carriedAudio)
          : await read(AUDIO_RENDITION, last.audio !== undefined),
      }
    }
    return writer
  }

  /** Storing has failed: nothing more can be added. */
  get failed(): boolean {
    return this.#failure !== undefined
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
    while (this.#inFlight >= IN_FLIGHT && !this.#failure)
      await new Promise<void>((resolve) => this.#room.push(resolve))
    if (this.#failure) throw this.#failure.error
    this.#inFlight += 1
    try {
      const sound = keepSound(segment.audio, this.#inits)
      const { init, isNew } = await this.#initFor(segment, sound)
      const number = this.#segments++
      const [videoBytes, audioBytes] = await Promise.all([
        segment.video && segment.videoPackets.length > 0
          ? packPictures(segment.video, number, segment.videoPackets, segment.delaySeconds)
          : undefined,
        sound && segment.audioPackets.length > 0 ? packSound(sound, number, segment.audioPackets) : undefined,
      ])
      const entry: TimelineSegment = {
        kind: 'segment',
        number,
        init: init.entry.init,
        start: segment.start,
        duration: exactDuration(segment.start, segment.end),
        frames: segment.videoPackets.length,
        discontinuity: number > 0 && (segment.interrupted || isNew),
        videoBytes: segment.video && !isCarried(segment.video) ? (videoBytes?.byteLength ?? 0) : 0,
        audioBytes: sound?.how === 'passed' ? (audioBytes?.byteLength ?? 0) : 0,
        ...(segment.log ? { log: segment.log } : {}),
      }
      this.#start ??= segment.start
      this.#end = segment.end
      const stored = Promise.all([
        videoBytes && this.#store.put(this.#picturesKey(segment.video, number), videoBytes),
        audioBytes && this.#store.put(this.#soundKey(sound, number), audioBytes),
        this.#fillers.add(entry),
      ])
      this.#tell(stored, entry, () => this.#events.onSegment?.(entry, init.entry))
    } catch (error) {
      this.#failure ??= { error }
      this.#release()
      throw error
    }
  }

  /** Resolves when everything added is in the timeline. */
  async settled(): Promise<void> {
    await this.#told
    if (this.#failure) throw this.#failure.error
  }

  /** Nothing follows. Writes nothing at all when there never was a segment. */
  async end(): Promise<void> {
    await this.settled()
    if (this.#segments > 0) await this.#append([{ kind: 'end', duration: this.duration }])
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

  async #initFor(
    segment: SegmentToWrite,
    sound: KeptSound | undefined,
  ): Promise<{ init: WrittenInit; isNew: boolean }> {
    const [video, audio] = await Promise.all([
      segment.video && picturesInit(segment.video, segment.videoPackets[0]),
      sound && soundInit(sound, segment.audioPackets[0]),
    ])
    const current = this.#init
    if (current && sameBytes(current.video, video) && sameBytes(current.audio, audio)) {
      return { init: current, isNew: false }
    }
    const entry: TimelineInit = {
      kind: 'init',
      init: this.#inits.length,
      ...(segment.video ? describePictures(segment.video, segment) : {}),
      ...(sound ? describeSound(sound) : {}),
    }
    this.#inits.push(entry)
    const init = { entry, video, audio }
    this.#init = init
    await this.#told
    await this.#fillers.begin(entry)
    await Promise.all([
      video && entry.video && this.#store.put(mediaKeys.init(this.#video, ORIGINAL, entry.init), video),
      audio &&
        entry.audio &&
        this.#store.put(mediaKeys.init(this.#video, AUDIO_RENDITION, entry.init), audio),
    ])
    const start: TimelineEntry[] = this.#started ? [] : [{ kind: 'start', version: 1, timeline: 'measured' }]
    this.#started = true
    await this.#append([...start, entry])
    this.#events.onInit?.(entry)
    return { init, isNew: true }
  }

  #tell(stored: Promise<unknown>, entry: TimelineSegment, told: () => void): void {
    const waiting: Untold = { entry, told, stored, isStored: false }
    this.#untold.push(waiting)
    // Looked at in order by #tellAll; until then a failure must not count as unhandled.
    stored.then(
      () => {
        waiting.isStored = true
      },
      () => undefined,
    )
    if (this.#untold.length > 1 || this.#telling) return
    this.#telling = true
    this.#told = this.#tellAll()
  }

  /** Appends lines in order, as many at once as have their files stored. Never rejects. */
  async #tellAll(): Promise<void> {
    for (let first = this.#untold[0]; first; first = this.#untold[0]) {
      let count = 1
      try {
        await first.stored
        while (this.#untold[count]?.isStored) count += 1
        const stored = this.#untold.slice(0, count)
        if (!this.#failure) {
          await this.#append(stored.map(({ entry }) => entry))
          for (const { told } of stored) told()
        }
      } catch (error) {
        this.#failure ??= { error }
      }
      this.#untold.splice(0, count)
      for (let i = 0; i < count; i++) this.#release()
    }
    // In the same turn as the last look: what is told from now on begins anew.
    this.#telling = false
  }

  #release(): void {
    this.#inFlight -= 1
    this.#room.shift()?.()
  }

  async #append(entries: readonly TimelineEntry[]): Promise<void> {
    await this.#store.append(
      mediaKeys.timeline(this.#video),
      Buffer.from(entries.map(encodeTimelineEntry).join('')),
    )
  }
}

/** The double that added to `start` gives exactly `end`. */
export function exactDuration(start: number, end: number): number {
  const rounded = Math.round((end - start) * 1e6) / 1e6
  if (start + rounded === end) return rounded
  return end - start
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.from(a).equals(b)
}
