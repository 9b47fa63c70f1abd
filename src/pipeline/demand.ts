/**
 * A viewer asks for a segment that is not made yet: its chunk goes to the front of the queue, and the
 * request waits for it. A rendition is a promise (docs/architecture.md).
 *
 * However many wait for the same segment, one looks after it and one job is sent; when the last of them
 * has gone before an encoder took it, the job is taken back: seeking around leaves no work behind.
 */
import { randomUUID } from 'node:crypto'
import { AppError } from '../kernel/errors.ts'
import type { VideoId } from '../kernel/ids.ts'
import type { ChunkRecord, ChunkStore } from './catalogue.ts'
import { PRIORITY } from './job-kinds.ts'
import type { TimelinePlanner } from './planner.ts'
import type { JobQueue } from './queue.ts'
import type { ChunkSignals } from './signals.ts'

/** A segment by its number, or the rendition's init, which any of its chunks brings along. */
export type WantedFile = number | 'init'

export interface DemandOptions {
  readonly signal: AbortSignal
  readonly timeoutMs: number
  /**
   * Asked before so many seconds of a quality are encoded for this request: the first of those who wait pays. Its
   * answer gives them back when nothing was made after all. Throws when it may not have them.
   */
  readonly charge?: (seconds: number) => () => void
}

export interface SegmentDemand {
  /**
   * Resolves when the file is in the media store. Throws AppError `not-found` when no such segment is
   * planned, `not-ready` when it cannot be made or not in time; the signal's reason when aborted.
   */
  demandSegment(
    videoId: VideoId,
    rendition: string,
    wanted: WantedFile,
    options: DemandOptions,
  ): Promise<void>
}

export interface DemandParts {
  readonly chunks: Pick<ChunkStore, 'find' | 'findForInit'>
  readonly queue: Pick<JobQueue, 'send' | 'withdraw'>
  readonly signals: ChunkSignals
  readonly planner: Pick<TimelinePlanner, 'reachSegment'>
}

/** News can be lost with a connection; this often a waiting request looks by itself. */
const LOOK_AGAIN_MS = 1_000
/** A job may have met the chunk in other hands and found nothing to do: it is sent again. */
const HURRY_AGAIN_MS = 10_000
/** Players ask for the init together with a segment, whose chunk then brings it along. */
const INIT_GRACE_MS = 150

interface Watch {
  readonly result: Promise<void>
  readonly abandoned: AbortController
  waiters: number
}

interface Hurried {
  readonly jobId: string
  readonly at: number
  readonly refund: (() => void) | undefined
  users: number
}

export function makeSegmentDemand(parts: DemandParts): SegmentDemand {
  const watches = new Map<string, Watch>()
  const hurried = new Map<string, Hurried>()

  async function hurry(
    videoId: VideoId,
    { rendition, range }: ChunkRecord,
    charge: DemandOptions['charge'],
  ): Promise<() => void> {
    const key = `${videoId}/${rendition}/${range.index}`
    let own = hurried.get(key)
    if (!own || Date.now() - own.at > HURRY_AGAIN_MS) {
      // Sent again it is paid for already.
      const refund = own?.refund ?? charge?.(range.durationSeconds)
      own = { jobId: randomUUID(), at: Date.now(), users: 0, refund }
      hurried.set(key, own)
      const data = { videoId, index: range.index, renditions: [rendition] }
      await parts.queue.send([{ kind: 'encode-now', priority: PRIORITY.viewer, id: own.jobId, data }])
    }
    const mine = own
    mine.users += 1
    return () => {
      mine.users -= 1
      if (mine.users > 0) return
      if (hurried.get(key) === mine) hurried.delete(key)
      // Left behind it would find nothing to do, or do what somebody wanted a moment ago.
      parts.queue.withdraw('encode-now', mine.jobId).then(
        (taken) => taken && mine.refund?.(),
        () => undefined,
      )
    }
  }

  const isHurried = (videoId: VideoId, rendition: string) =>
    [...hurried.keys()].some((key) => key.startsWith(`${videoId}/${rendition}/`))

  async function find(videoId: VideoId, rendition: string, wanted: WantedFile): Promise<ChunkRecord> {
    const look = () =>
      wanted === 'init'
        ? parts.chunks.findForInit(videoId, rendition)
        : parts.chunks.find(videoId, rendition, wanted)
    const chunk =
      (await look()) ??
      // At the live edge, where no chunk has closed yet.
      ((await parts.planner.reachSegment(videoId, wanted === 'init' ? 0 : wanted)) ? await look() : undefined)
    if (!chunk) throw new AppError('not-found', 'There is no such segment.')
    return chunk
  }

  /** Resolves when it is made. */
  async function attend(
    videoId: VideoId,
    rendition: string,
    wanted: WantedFile,
    charge: DemandOptions['charge'],
    abandoned: AbortSignal,
  ): Promise<void> {
    let wake = Promise.withResolvers<void>()
    const ring = () => wake.resolve()
    const stopListening = parts.signals.onVideoChanged(videoId, ring)
    abandoned.addEventListener('abort', ring)
    let release: (() => void) | undefined
    let hurriedAt = 0
    try {
      for (let looks = 0; ; looks++) {
        const chunk = await find(videoId, rendition, wanted)
        abandoned.throwIfAborted()
        if (chunk.state === 'ready') return
        if (chunk.state === 'failed')
          throw new AppError(
            'not-ready',
            `This part could not be made: ${chunk.failure ?? 'no reason is known'}`,
          )
        const brought = wanted === 'init' && (looks === 0 || (!release && isHurried(videoId, rendition)))
        const open = chunk.state === 'waiting' || chunk.state === 'deferred'
        if (open && !brought && Date.now() - hurriedAt > HURRY_AGAIN_MS) {
          const before = release
          release = await hurry(videoId, chunk, charge)
          hurriedAt = Date.now()
          before?.()
        }
        const timer = setTimeout(ring, looks === 0 && wanted === 'init' ? INIT_GRACE_MS : LOOK_AGAIN_MS)
        if (!abandoned.aborted) await wake.promise
        clearTimeout(timer)
        wake = Promise.withResolvers<void>()
      }
    } finally {
      stopListening()
      abandoned.removeEventListener('abort', ring)
      release?.()
    }
  }

  function join(key: string, begin: (abandoned: AbortSignal) => Promise<void>): Watch {
    const known = watches.get(key)
    if (known) return known
    const abandoned = new AbortController()
    const result = begin(abandoned.signal).finally(() => {
      if (watches.get(key) === watch) watches.delete(key)
    })
    // Of those who wait each has a hand on it; when all have gone, nobody.
    result.catch(() => undefined)
    const watch: Watch = { result, abandoned, waiters: 0 }
    watches.set(key, watch)
    return watch
  }

  return {
    async demandSegment(videoId, rendition, wanted, { signal, timeoutMs, charge }) {
      signal.throwIfAborted()
      const key = `${videoId}/${rendition}/${wanted}`
      const watch = join(key, (abandoned) => attend(videoId, rendition, wanted, charge, abandoned))
      watch.waiters += 1
      const left = Promise.withResolvers<never>()
      const leave = () => left.reject(signal.reason)
      signal.addEventListener('abort', leave, { once: true })
      const timer = setTimeout(
        () => left.reject(new AppError('not-ready', 'This part is being made. Try again in a moment.')),
        timeoutMs,
      )
      try {
        await Promise.race([watch.result, left.promise])
      } finally {
        clearTimeout(timer)
        signal.removeEventListener('abort', leave)
        watch.waiters -= 1
        if (watch.waiters === 0) {
          if (watches.get(key) === watch) watches.delete(key)
          watch.abandoned.abort(new Error('nobody waits any more'))
        }
      }
    },
  }
}
