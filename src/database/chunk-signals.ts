/** News about chunks, taken from the catalogue's changes (catalogue-changes.ts): a chunk that became ready is one. */
import type { VideoId } from '../kernel/ids.ts'
import type { CatalogueChanges } from '../library/catalogue-changes.ts'
import type { ChunkSignals } from '../pipeline/signals.ts'

export function makeChunkSignals(changes: CatalogueChanges): ChunkSignals & Disposable {
  const listeners = new Map<VideoId, Set<() => void>>()
  const end = changes.subscribe((change) => {
    for (const listener of listeners.get(change.videoId) ?? []) listener()
  })
  return {
    onVideoChanged(videoId, listener) {
      const own = listeners.get(videoId) ?? new Set()
      listeners.set(videoId, own.add(listener))
      return () => {
        own.delete(listener)
        if (own.size === 0 && listeners.get(videoId) === own) listeners.delete(videoId)
      }
    },
    [Symbol.dispose]: end,
  }
}
