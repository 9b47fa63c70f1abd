/**
 * Keeps packaging running behind the log of each broadcast on air, and tells the pipeline of every
 * segment. What fails here is tried again from where the timeline stands; the recording never notices.
 * While the disk they share is all but full it waits: what is left is the recording's.
 */
import { AppError } from '../../kernel/errors.ts'
import type { BroadcastId, VideoId } from '../../kernel/ids.ts'
import type { Logger } from '../../kernel/logger.ts'
import { pause } from '../../kernel/retry.ts'
import type { PackagedBroadcast } from '../../packaging/package-broadcast.ts'
import type { PackageRequest } from '../../packaging/thread/packaging-thread.ts'
import type { TimelineInit, TimelineSegment } from '../../packaging/timeline.ts'
import type { TimelinePlanner } from '../../pipeline/planner.ts'
import type { DiskWatermarks } from '../../recording/disk-watermarks.ts'
import type { Recorder } from '../../recording/recorder.ts'
import type { BroadcastPackager, PackagingRun } from './broadcast-ports.ts'

/** What is known of a broadcast on air from its own segments. */
export interface PackagingProgress {
  readonly init: TimelineInit | undefined
  readonly durationSeconds: number
}

export interface LivePackagerOptions {
  readonly recorder: Recorder
  /** Into the media store. */
  readonly packageLog: (request: PackageRequest) => Promise<PackagedBroadcast>
  readonly planner: TimelinePlanner
  /** Of the recordings and the media store, when both are on one. */
  readonly disk?: Pick<DiskWatermarks, 'state' | 'onChange'> | undefined
  readonly log: Logger
}

const RETRY_MS = 2000
/** After the end the channel must be free for the next broadcast: a store that still refuses is waited for by a job. */
const LAST_ATTEMPTS = 5

export class LivePackager implements BroadcastPackager {
  readonly #options: LivePackagerOptions
  readonly #progress = new Map<BroadcastId, PackagingProgress>()

  constructor(options: LivePackagerOptions) {
    this.#options = options
  }

  /** Undefined when the broadcast is not on air here. */
  progress(broadcastId: BroadcastId): PackagingProgress | undefined {
    return this.#progress.get(broadcastId)
  }

  follow({
    broadcastId,
    videoId,
  }: {
    readonly broadcastId: BroadcastId
    readonly videoId: VideoId
  }): PackagingRun {
    const { recorder } = this.#options
    const stopping = new AbortController()
    const ending = new AbortController()
    this.#progress.set(broadcastId, { init: undefined, durationSeconds: 0 })
    const running = this.#run(broadcastId, videoId, stopping.signal, ending.signal)
    // Awaited by finish or stop; until then a rejection is nobody's.
    running.catch(() => undefined)
    const over = () => this.#progress.delete(broadcastId)
    return {
      async finish() {
        ending.abort()
        recorder.endBroadcast(broadcastId)
        return running.finally(over)
      },
      async stop() {
        stopping.abort()
        await running.catch(() => undefined)
        over()
      },
    }
  }

  async #run(
    broadcastId: BroadcastId,
    videoId: VideoId,
    signal: AbortSignal,
    ending: AbortSignal,
  ): Promise<PackagedBroadcast> {
    const { recorder, packageLog, disk, log } = this.#options
    const broadcastLog = recorder.log(broadcastId)
    let lastAttempts = LAST_ATTEMPTS
    for (;;) {
      const crowded = new AbortController()
      const unwatch = disk?.onChange(({ level }) => level === 'critical' && crowded.abort())
      try {
        await this.#whenRoom(signal, ending)
        const packaged = await packageLog({
          log: broadcastLog,
          video: videoId,
          signal: AbortSignal.any([signal, crowded.signal]),
          onInit: (init) => this.#grown(broadcastId, videoId, init),
          onSegment: (segment) => this.#grown(broadcastId, videoId, segment),
        })
        if (packaged.complete || signal.aborted) return packaged
        log.warn({ broadcastId, videoId }, 'packaging waits until there is room on the disk')
      } catch (error) {
        lastAttempts -= ending.aborted ? 1 : 0
        if (lastAttempts === 0 || isNoRoom(error)) throw error
        log.error({ err: error, broadcastId, videoId }, 'packaging failed; trying again from where it stands')
        await pause(RETRY_MS, signal)
      } finally {
        unwatch?.()
      }
    }
  }

  /** Resolves with `stopping` at once; rejects with AppError `disk-full` when the broadcast ends before there is any. */
  async #whenRoom(stopping: AbortSignal, ending: AbortSignal): Promise<void> {
    const { disk } = this.#options
    const signal = AbortSignal.any([stopping, ending])
    while (disk?.state?.level === 'critical' && !stopping.aborted) {
      if (ending.aborted)
        throw new AppError('disk-full', 'The disk is all but full: what is left is for recordings.')
      await new Promise<void>((resolve) => {
        const changed = () => {
          unwatch()
          signal.removeEventListener('abort', changed)
          resolve()
        }
        const unwatch = disk.onChange(changed)
        signal.addEventListener('abort', changed)
      })
    }
  }

  #grown(broadcastId: BroadcastId, videoId: VideoId, entry: TimelineInit | TimelineSegment): void {
    const before = this.#progress.get(broadcastId)
    if (entry.kind === 'init') {
      this.#progress.set(broadcastId, { init: entry, durationSeconds: before?.durationSeconds ?? 0 })
    } else {
      this.#progress.set(broadcastId, { init: before?.init, durationSeconds: entry.start + entry.duration })
    }
    this.#options.planner.extendTimeline(videoId, entry).catch((error: unknown) => {
      // The next call makes up for it, and so does the end.
      this.#options.log.warn({ err: error, videoId }, 'a segment could not be planned yet')
    })
  }
}

/** Said by this room, not by the system: waiting for it is the job's. */
function isNoRoom(error: unknown): boolean {
  return error instanceof AppError && error.code === 'disk-full'
}
