/**
 * A viewer asks for a segment that is not made yet: its chunk goes to the front of the queue, and the
 * request waits for it. A rendition is a promise (docs/architecture.md).
 */
import { AppError } from '../kernel/errors.ts'
import type { VideoId } from '../kernel/ids.ts'
import type { ChunkStore } from './catalogue.ts'
import { PRIORITY } from './job-kinds.ts'
import type { JobQueue } from './queue.ts'
import type { ChunkSignals } from './signals.ts'

export interface SegmentDemand {
  /**
   * Resolves when the segment is in the media store. Throws AppError `not-found` when no such segment is
   * planned, `not-ready` when it cannot be made or not in time; the signal's reason when aborted.
   */
  demandSegment(
    videoId: VideoId,
    rendition: string,
    segment: number,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<void>
}

/** News can be lost with a connection; this often a waiting request looks by itself. */
const LOOK_AGAIN_MS = 1_000
/** Many viewers ask for one chunk: it is hurried once in this time. */
const HURRY_AGAIN_MS = 10_000

export function makeSegmentDemand(parts: {
  readonly chunks: ChunkStore
  readonly queue: JobQueue
  readonly signals: ChunkSignals
}): SegmentDemand {
  const hurried = new Map<string, number>()

  async function hurry(videoId: VideoId, rendition: string, index: number): Promise<void> {
    const now = Date.now()
    for (const [key, at] of hurried) if (now - at > HURRY_AGAIN_MS) hurried.delete(key)
    const key = `${videoId}/${rendition}/${index}`
    if (hurried.has(key)) return
    hurried.set(key, now)
    await parts.queue.send([
      { kind: 'encode-chunk', priority: PRIORITY.viewer, data: { videoId, index, renditions: [rendition] } },
    ])
  }

  return {
    async demandSegment(videoId, rendition, segment, { signal, timeoutMs }) {
      const timeout = AbortSignal.timeout(timeoutMs)
      const either = AbortSignal.any([signal, timeout])
      let wake = Promise.withResolvers<void>()
      const ring = () => wake.resolve()
      const stopListening = parts.signals.onVideoChanged(videoId, ring)
      either.addEventListener('abort', ring)
      try {
        for (;;) {
          signal.throwIfAborted()
          const chunk = await parts.chunks.find(videoId, rendition, segment)
          if (!chunk) throw new AppError('not-found', 'There is no such segment.')
          if (chunk.state === 'ready') return
          if (chunk.state === 'failed')
            throw new AppError(
              'not-ready',
              `This part could not be made: ${chunk.failure ?? 'no reason is known'}`,
            )
          if (timeout.aborted)
            throw new AppError('not-ready', 'This part is being made. Try again in a moment.')
          if (chunk.state === 'waiting') await hurry(videoId, rendition, chunk.range.index)
          const timer = setTimeout(ring, LOOK_AGAIN_MS)
          await wake.promise
          clearTimeout(timer)
          wake = Promise.withResolvers<void>()
        }
      } finally {
        stopListening()
        either.removeEventListener('abort', ring)
      }
    },
  }
}
