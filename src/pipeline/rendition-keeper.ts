/**
 * Removes rungs that nobody has watched for as long as the policy keeps them (rendition-policy.ts). Their chunks
 * are held like an encoder holds them, then their files are removed, then they are deferred: killed anywhere, a
 * chunk is never said to be there while its files are gone, and a viewer who comes at that moment waits a little.
 */
import { newId, type VideoId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import { mediaKeys } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import type { ChunkRange } from './chunk-plan.ts'

export interface UnwatchedRendition {
  readonly id: string
  readonly videoId: VideoId
  readonly name: string
}

/** Implemented by database/rendition-evictions.ts. */
export interface EvictionStore {
  findUnwatched(limit: number): Promise<readonly UnwatchedRendition[]>
  /** Some of its chunks that are ready → encoding, held by the attempt. None: it is watched after all, or nothing of it is left. */
  hold(
    rendition: UnwatchedRendition,
    attemptId: string,
    leaseMs: number,
    limit: number,
  ): Promise<readonly Pick<ChunkRange, 'firstSegment' | 'segmentCount'>[]>
  /** encoding → deferred, what the attempt still holds. */
  letGo(rendition: UnwatchedRendition, attemptId: string): Promise<void>
  /** Somebody watches it. `videoId`: whose media they are. */
  noteView(videoId: VideoId, rendition: string): Promise<void>
}

/** Held at once: their files are gone within a second. */
const CHUNKS_AT_ONCE = 50
const RENDITIONS_AT_ONCE = 100
/** Also for an object store that is slow. */
const HOLD_MS = 120_000

/** Resolves with the number of rungs of which something was removed. */
export async function evictUnwatched(
  parts: {
    readonly evictions: EvictionStore
    readonly store: Pick<MediaStore, 'remove'>
    readonly logger: Logger
  },
  signal: AbortSignal,
): Promise<number> {
  const { evictions, store, logger } = parts
  const found = await evictions.findUnwatched(RENDITIONS_AT_ONCE)
  for (const rendition of found) {
    const { videoId, name } = rendition
    let removed = 0
    for (;;) {
      signal.throwIfAborted()
      const attemptId = newId()
      const held = await evictions.hold(rendition, attemptId, HOLD_MS, CHUNKS_AT_ONCE)
      if (held.length === 0) break
      for (const { firstSegment, segmentCount } of held)
        for (let number = firstSegment; number < firstSegment + segmentCount; number++)
          await store.remove(mediaKeys.segment(videoId, name, number))
      await evictions.letGo(rendition, attemptId)
      removed += held.length
    }
    logger.info({ videoId, rendition: name, chunks: removed }, 'a quality that nobody watches was removed')
  }
  return found.length
}
