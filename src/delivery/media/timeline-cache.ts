/**
 * Timelines as they are asked for: a growing one by every viewer every few seconds. Whether it grew is one
 * `stat`; what was read is kept until it did. At most one reading of a timeline at a time.
 */
import type { VideoId } from '../../kernel/ids.ts'
import { mediaKeys } from '../../media/layout.ts'
import type { MediaStore } from '../../media/store.ts'
import { parseTimeline, type Timeline } from '../../packaging/timeline.ts'

export interface KnownTimeline {
  /** The same as long as the content is: for ETags and for what is derived from it. */
  readonly version: number
  readonly timeline: Timeline
}

const MAX_TIMELINES = 500
/** Many viewers ask in the same moment: one look serves them all. */
const LOOK_AGAIN_MS = 200

interface Entry {
  known: KnownTimeline | undefined
  lookedAt: number
  looking: Promise<KnownTimeline | undefined> | undefined
}

export class TimelineCache {
  readonly #store: Pick<MediaStore, 'stat' | 'read'>
  readonly #now: () => number
  readonly #entries = new Map<VideoId, Entry>()

  constructor(store: Pick<MediaStore, 'stat' | 'read'>, now: () => number = Date.now) {
    this.#store = store
    this.#now = now
  }

  /** Undefined: the video has no timeline yet. */
  async get(video: VideoId): Promise<KnownTimeline | undefined> {
    const entry = this.#entries.get(video) ?? { known: undefined, lookedAt: 0, looking: undefined }
    this.#entries.delete(video)
    this.#entries.set(video, entry)
    if (this.#now() - entry.lookedAt < LOOK_AGAIN_MS) return entry.known
    entry.looking ??= this.#look(video, entry).finally(() => {
      entry.looking = undefined
    })
    const known = await entry.looking
    this.#trim()
    return known
  }

  async #look(video: VideoId, entry: Entry): Promise<KnownTimeline | undefined> {
    const key = mediaKeys.timeline(video)
    const stat = await this.#store.stat(key)
    // Only ever appended to, so the size tells whether it changed; a rebuild makes it another file, and shorter or longer.
    if (stat?.bytes !== entry.known?.version) {
      const content = stat && (await this.#store.read(key))
      entry.known = content && { version: content.byteLength, timeline: parseTimeline(content.toString()) }
    }
    entry.lookedAt = this.#now()
    return entry.known
  }

  #trim(): void {
    for (const [video, entry] of this.#entries) {
      if (this.#entries.size <= MAX_TIMELINES) return
      if (!entry.looking) this.#entries.delete(video)
    }
  }
}
