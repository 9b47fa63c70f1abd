/**
 * Timelines as jobs and the planner read them: for every chunk, so only what was added is read. A chunk's row may
 * have been written a moment ago, so everyone sees what is there when asking.
 */
import type { VideoId } from '../kernel/ids.ts'
import type { MediaStore } from '../media/store.ts'
import type { Timeline } from '../packaging/timeline.ts'
import { TimelineCache } from '../packaging/timeline-cache.ts'

/** As many videos as are usually worked on at a time. */
const MAX_TIMELINES = 16

export type TimelineStore = Pick<MediaStore, 'stat' | 'stream'>

/** A memory for each store, as long as the store is there. */
const caches = new WeakMap<TimelineStore, TimelineCache>()

/** Undefined: there is none yet. */
export async function storedTimeline(store: TimelineStore, videoId: VideoId): Promise<Timeline | undefined> {
  const cache = caches.get(store) ?? new TimelineCache(store, { maxTimelines: MAX_TIMELINES, lookAgainMs: 0 })
  caches.set(store, cache)
  return (await cache.get(videoId))?.timeline
}
