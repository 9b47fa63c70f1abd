/** The decoder configurations of a timeline that is being written: which one a segment has, and whether it is a new one. */
import type { VideoId } from '../kernel/ids.ts'
import { AUDIO_RENDITION, mediaKeys, ORIGINAL } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import { carriedVideoInit, describePictures, picturesInit } from './segment-pictures.ts'
import { carriedInit, describeSound, type KeptSound, keepSound, soundInit } from './segment-sound.ts'
import type { SegmentToWrite } from './segment-to-write.ts'
import type { Timeline, TimelineInit } from './timeline.ts'

/** What tells configurations apart: init segments, and of what is carried its description. */
interface InitBytes {
  readonly video: Uint8Array | undefined
  readonly audio: Uint8Array | undefined
}

export interface SegmentInit {
  readonly entry: TimelineInit
  readonly sound: KeptSound | undefined
  /** Present when no segment before it had this one: what has to be stored, before its line is written. */
  readonly files?: InitBytes
}

/** A source has one object for a track as long as it stays the same. */
interface Current extends InitBytes {
  readonly entry: TimelineInit
  readonly sound: KeptSound | undefined
  readonly of: Pick<SegmentToWrite, 'video' | 'audio'> | undefined
}

export class TimelineInits {
  readonly #entries: TimelineInit[]
  #current: Current | undefined

  private constructor(entries: readonly TimelineInit[], current: Current | undefined) {
    this.#entries = [...entries]
    this.#current = current
  }

  /** Of the timeline so far. */
  static async open(
    store: MediaStore,
    video: VideoId,
    timeline: Timeline | undefined,
  ): Promise<TimelineInits> {
    const entries = timeline?.inits ?? []
    const last = entries.at(-1)
    if (!last) return new TimelineInits(entries, undefined)
    const read = async (rendition: string, present: boolean) =>
      present ? await store.read(mediaKeys.init(video, rendition, last.init)) : undefined
    const { carriedVideo, carriedAudio } = last
    return new TimelineInits(entries, {
      entry: last,
      sound: undefined,
      of: undefined,
      video: carriedVideo ? carriedVideoInit(carriedVideo) : await read(ORIGINAL, last.video !== undefined),
      audio: carriedAudio ? carriedInit(carriedAudio) : await read(AUDIO_RENDITION, last.audio !== undefined),
    })
  }

  /** To be called for each segment in order. */
  async of(segment: SegmentToWrite): Promise<SegmentInit> {
    const current = this.#current
    if (current?.of && current.of.video === segment.video && current.of.audio === segment.audio)
      return { entry: current.entry, sound: current.sound }
    const sound = keepSound(segment.audio, this.#entries)
    const [video, audio] = await Promise.all([
      segment.video && picturesInit(segment.video, segment.videoPackets[0]),
      sound && soundInit(sound, segment.audioPackets[0]),
    ])
    const of = { video: segment.video, audio: segment.audio }
    if (current && sameBytes(current.video, video) && sameBytes(current.audio, audio)) {
      this.#current = { ...current, sound, of }
      return { entry: current.entry, sound }
    }
    const entry: TimelineInit = {
      kind: 'init',
      init: this.#entries.length,
      ...(segment.video ? describePictures(segment.video, segment) : {}),
      ...(sound ? describeSound(sound) : {}),
    }
    this.#entries.push(entry)
    this.#current = { entry, sound, of, video, audio }
    return {
      entry,
      sound,
      files: { video: entry.video && video, audio: entry.audio && audio },
    }
  }
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.from(a).equals(b)
}
