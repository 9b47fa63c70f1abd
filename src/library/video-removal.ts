/**
 * Takes what is left of deleted videos away, and media that are no longer shown, in an order that a crash
 * cannot upset: jobs stop, then files go, then the rows, which until then are the list of what is still to
 * do. Runs after each deletion, now and then, and at start, where it finds what a crash left.
 */
import { rm } from 'node:fs/promises'
import type { VideoId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import { mediaKeys, type StoragePaths } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import type { DeletedVideo, VideoStore } from './video-store.ts'

export interface VideoRemovalOptions {
  readonly store: Pick<VideoStore, 'listDeleted' | 'erase' | 'listSuperseded' | 'forgetSuperseded'>
  readonly media: Pick<MediaStore, 'remove'>
  readonly paths: Pick<StoragePaths, 'recording' | 'upload'>
  /** Resolves when no worker writes for the video any more. */
  readonly stopJobs: (videoId: VideoId, signal: AbortSignal) => Promise<void>
  readonly log: Logger
  /** Milliseconds; for tests. */
  readonly now?: () => number
}

const BATCH = 20
/** Who began to watch before another edition was shown goes on with the old one: for a long film. */
const SUPERSEDED_MS = 6 * 3600_000
const LOOK_EVERY_MS = 10 * 60_000

export class VideoRemoval implements AsyncDisposable {
  readonly #options: VideoRemovalOptions
  #running: Promise<void> | undefined
  #again = false
  readonly #closing = new AbortController()
  readonly #timer: NodeJS.Timeout

  constructor(options: VideoRemovalOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.begin(), LOOK_EVERY_MS).unref()
  }

  /** Looks for deleted videos and removes them, in the background. */
  begin(): void {
    if (this.#closing.signal.aborted) return
    this.#again = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Resolves when nothing is being removed. */
  async settled(): Promise<void> {
    await this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.#closing.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { store, log } = this.#options
    // What cannot be removed now stays listed for the next run; without this it would be tried for ever.
    const failed = new Set<VideoId>()
    while (this.#again && !this.#closing.signal.aborted) {
      this.#again = false
      try {
        const deleted = (await store.listDeleted(BATCH + failed.size)).filter(({ id }) => !failed.has(id))
        if (this.#closing.signal.aborted) return
        // At once: most of it is waiting for workers, and viewers wait for what will not be made.
        await Promise.all(
          deleted.map((video) =>
            this.#remove(video).catch((error: unknown) => {
              // Stopping: the next start goes on.
              if (this.#closing.signal.aborted) return
              failed.add(video.id)
              log.error(
                { err: error, videoId: video.id },
                'deleted video could not be removed: tried again at the next deletion or start',
              )
            }),
          ),
        )
        if (deleted.length > 0) this.#again = true
        else await this.#removeSuperseded()
      } catch (error) {
        log.error(
          { err: error },
          'deleted videos could not be listed: tried again at the next deletion or start',
        )
        return
      }
    }
  }

  async #remove(video: DeletedVideo): Promise<void> {
    const { store, media, paths, stopJobs, log } = this.#options
    const folders = [video.id, ...video.editions]
    await Promise.all(folders.map((id) => stopJobs(id, this.#closing.signal)))
    for (const id of folders) await media.remove(mediaKeys.video(id))
    if (video.broadcastId) await rm(paths.recording(video.broadcastId), { recursive: true, force: true })
    if (video.uploadId) await rm(paths.upload(video.uploadId), { recursive: true, force: true })
    await store.erase(video.id)
    log.info({ videoId: video.id }, 'deleted video removed')
  }

  async #removeSuperseded(): Promise<void> {
    const { store, media, log, now = Date.now } = this.#options
    for (const { id, isOwn, renditions } of await store.listSuperseded(
      new Date(now() - SUPERSEDED_MS),
      BATCH,
    )) {
      if (isOwn) {
        // What the creator gave, such as captions, lies beside them and stays.
        await media.remove(mediaKeys.timeline(id))
        for (const name of renditions) await media.remove(mediaKeys.rendition(id, name))
        await media.remove(mediaKeys.allCarried(id))
      } else {
        await media.remove(mediaKeys.video(id))
      }
      await store.forgetSuperseded(id)
      log.info({ videoId: id }, 'media that are no longer shown are removed')
    }
  }
}
