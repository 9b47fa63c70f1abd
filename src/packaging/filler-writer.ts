/**
 * Puts fillers into the store so that from the first moment a video has pictures (or sound) somewhere,
 * every segment of it has a file for them: written back for the segments before that moment, and along
 * with each segment after it that has none. A video without any pictures at all stays without.
 *
 * The lines of the timeline say nothing of fillers: what they count is the source's.
 */
import type { VideoId } from '../kernel/ids.ts'
import { AUDIO_RENDITION, mediaKeys, ORIGINAL } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import { type FillerKind, fillerInit, fillerSegment } from './filler.ts'
import { parseTimeline, type TimelineInit, type TimelineSegment } from './timeline.ts'

const KINDS = ['video', 'audio'] as const satisfies readonly FillerKind[]
/** Files written at a time when there is much to write back. */
const AT_ONCE = 16

export class FillerWriter {
  readonly #store: MediaStore
  readonly #video: VideoId
  /** Of what the timeline has had some. */
  readonly #had: Record<FillerKind, boolean>

  constructor(store: MediaStore, video: VideoId, inits: readonly TimelineInit[]) {
    this.#store = store
    this.#video = video
    this.#had = {
      video: inits.some((init) => init.video !== undefined),
      audio: inits.some((init) => init.audio !== undefined),
    }
  }

  /** Before the line of `init` is written: everything before it is in the store when this resolves. */
  async begin(init: TimelineInit): Promise<void> {
    for (const kind of KINDS) {
      if (init[kind] && !this.#had[kind]) {
        await this.#writeBack(kind)
        this.#had[kind] = true
      } else if (!init[kind] && this.#had[kind]) await this.#putInit(kind, init.init)
    }
  }

  /** What a segment lacks. */
  async add(segment: TimelineSegment): Promise<void> {
    const end = segment.start + segment.duration
    const lacks = { video: segment.videoBytes === 0, audio: segment.audioBytes === 0 }
    await Promise.all(
      KINDS.filter((kind) => lacks[kind] && this.#had[kind]).map((kind) =>
        this.#putSegment(kind, segment.number, segment.start, end),
      ),
    )
  }

  /** For all segments that are in the timeline now: none of them has any. Again after a crash, the same. */
  async #writeBack(kind: FillerKind): Promise<void> {
    const bytes = await this.#store.read(mediaKeys.timeline(this.#video))
    const { inits, segments } = parseTimeline(bytes?.toString('utf8') ?? '')
    for (const { init } of inits) await this.#putInit(kind, init)
    for (let first = 0; first < segments.length; first += AT_ONCE) {
      const some = segments.slice(first, first + AT_ONCE)
      await Promise.all(
        some.map(({ number, start, duration }) => this.#putSegment(kind, number, start, start + duration)),
      )
    }
  }

  async #putInit(kind: FillerKind, init: number): Promise<void> {
    await this.#store.put(mediaKeys.init(this.#video, RENDITION[kind], init), await fillerInit(kind))
  }

  async #putSegment(kind: FillerKind, number: number, start: number, end: number): Promise<void> {
    const bytes = await fillerSegment(kind, number, start, end)
    await this.#store.put(mediaKeys.segment(this.#video, RENDITION[kind], number), bytes)
  }
}

const RENDITION = { video: ORIGINAL, audio: AUDIO_RENDITION } as const
