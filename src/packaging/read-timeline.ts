/** Timelines from the media store, kept while their file has not grown. */
import type { VideoId } from '../kernel/ids.ts'
import { mediaKeys } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import { parseTimeline, type Timeline } from './timeline.ts'

/** Undefined when nothing is packaged yet. Throws SyntaxError when a line is damaged. */
export async function readTimeline(store: MediaStore, video: VideoId): Promise<Timeline | undefined> {
  const bytes = await store.read(mediaKeys.timeline(video))
  return bytes && bytes.length > 0 ? parseTimeline(bytes.toString('utf8')) : undefined
}

const KEPT = 200

/** Least recently used go first. */
export class TimelineReader {
  readonly #store: MediaStore
  readonly #kept = new Map<VideoId, { readonly version: string; readonly timeline: Timeline }>()

  constructor(store: MediaStore) {
    this.#store = store
  }

  /** The timeline as it is now; equal objects while it has not changed. */
  async read(video: VideoId): Promise<Timeline | undefined> {
    const stat = await this.#store.stat(mediaKeys.timeline(video))
    if (!stat) {
      this.#kept.delete(video)
      return undefined
    }
    // The time too: a timeline that was made again may have as many bytes.
    const version = `${stat.bytes} ${stat.modifiedAt.getTime()}`
    const kept = this.#kept.get(video)
    this.#kept.delete(video)
    const timeline = kept?.version === version ? kept.timeline : await readTimeline(this.#store, video)
    if (timeline) this.#kept.set(video, { version, timeline })
    const oldest = this.#kept.keys().next().value
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest)
    return timeline
  }
}
