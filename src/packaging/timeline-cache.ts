/**
 * Timelines as they are asked for: a growing one by every viewer every few seconds, and by the jobs of every
 * chunk. Whether it grew is one `stat`; only what was added is read, so the fourth hour of a broadcast costs
 * what its first minute did. At most one reading of a timeline at a time.
 */
import type { VideoId } from '../kernel/ids.ts'
import { mediaKeys } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import { parseTimeline, type Timeline } from './timeline.ts'

export interface KnownTimeline {
  /** Bytes it was read from: the same as long as the content is. */
  readonly version: number
  readonly timeline: Timeline
}

export interface TimelineCacheOptions {
  /** How many are remembered: one of a day takes some 20 MB. */
  readonly maxTimelines?: number
  /** For so long what was seen is believed: many viewers ask in the same moment. 0: everyone sees what is there when asking. */
  readonly lookAgainMs?: number
  /** Milliseconds; for tests. */
  readonly now?: () => number
}

const MAX_TIMELINES = 500
const LOOK_AGAIN_MS = 200
/** Of what was read before, this much is read again: other bytes there mean that it is another timeline (a rebuild). */
const OVERLAP_BYTES = 64
const LINE_FEED = 0x0a

type Store = Pick<MediaStore, 'stat' | 'stream'>

interface Entry {
  known: KnownTimeline | undefined
  /** The last bytes of the whole lines read so far. */
  overlap: Buffer
  size: number
  modifiedMs: number
  lookedAt: number
  looking: Promise<KnownTimeline | undefined> | undefined
}

export class TimelineCache {
  readonly #store: Store
  readonly #maxTimelines: number
  readonly #lookAgainMs: number
  readonly #now: () => number
  readonly #entries = new Map<VideoId, Entry>()

  constructor(store: Store, options: TimelineCacheOptions = {}) {
    this.#store = store
    this.#maxTimelines = options.maxTimelines ?? MAX_TIMELINES
    this.#lookAgainMs = options.lookAgainMs ?? LOOK_AGAIN_MS
    this.#now = options.now ?? Date.now
  }

  /** Undefined: the video has no timeline yet. */
  async get(video: VideoId): Promise<KnownTimeline | undefined> {
    const entry = this.#entries.get(video) ?? { ...nothing(), lookedAt: 0, looking: undefined }
    this.#entries.delete(video)
    this.#entries.set(video, entry)
    if (this.#now() - entry.lookedAt < this.#lookAgainMs) return entry.known
    // A look that began before may have missed what is there now.
    if (this.#lookAgainMs === 0) await entry.looking?.catch(() => undefined)
    entry.looking ??= this.#look(video, entry).finally(() => {
      entry.looking = undefined
    })
    const known = await entry.looking
    this.#trim()
    return known
  }

  async #look(video: VideoId, entry: Entry): Promise<KnownTimeline | undefined> {
    const found = await this.#store.stat(mediaKeys.timeline(video))
    const size = found?.bytes ?? 0
    const modifiedMs = found?.modifiedAt.getTime() ?? 0
    if (size !== entry.size || modifiedMs !== entry.modifiedMs) {
      if (size <= entry.size || !(await this.#readOn(video, entry, size))) {
        Object.assign(entry, nothing())
        await this.#readOn(video, entry, size)
      }
      Object.assign(entry, { size, modifiedMs })
    }
    entry.lookedAt = this.#now()
    return entry.known
  }

  /** False: what is there is not what was read before with more behind it. */
  async #readOn(video: VideoId, entry: Entry, size: number): Promise<boolean> {
    const { known, overlap } = entry
    const readBefore = known?.version ?? 0
    const start = readBefore - overlap.byteLength
    if (size <= start) return true
    const content = await readRange(this.#store, video, start, size)
    if (!content.subarray(0, overlap.byteLength).equals(overlap)) return false
    // A line that is not whole yet is read again with its end.
    const added = content.subarray(overlap.byteLength, content.lastIndexOf(LINE_FEED) + 1)
    if (added.byteLength === 0) return true
    entry.known = {
      version: readBefore + added.byteLength,
      timeline: join(known?.timeline, parseTimeline(added.toString())),
    }
    const whole = Buffer.concat([overlap, added])
    entry.overlap = Buffer.from(whole.subarray(Math.max(0, whole.byteLength - OVERLAP_BYTES)))
    return true
  }

  #trim(): void {
    for (const [video, entry] of this.#entries) {
      if (this.#entries.size <= this.#maxTimelines) return
      if (!entry.looking) this.#entries.delete(video)
    }
  }
}

function nothing(): Pick<Entry, 'known' | 'overlap' | 'size' | 'modifiedMs'> {
  return { known: undefined, overlap: Buffer.alloc(0), size: 0, modifiedMs: 0 }
}

async function readRange(store: Store, video: VideoId, start: number, end: number): Promise<Buffer> {
  const stream = await store.stream(mediaKeys.timeline(video), { start, end })
  return Buffer.concat(await stream.toArray())
}

/** `added`: parsed by itself, so it does not know its kind unless the first line is in it. */
function join(before: Timeline | undefined, added: Timeline): Timeline {
  if (!before) return added
  return {
    kind: before.kind,
    inits: [...before.inits, ...added.inits],
    segments: [...before.segments, ...added.segments],
    ended: before.ended || added.ended,
    duration: added.segments.length > 0 ? added.duration : before.duration,
  }
}
