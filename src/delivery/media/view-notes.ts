/**
 * That a rung is watched, for those who remove what nobody watches: written once in a while for each rung, not for
 * each segment. What could not be written is written with the next segment.
 */
import type { VideoId } from '../../kernel/ids.ts'

/** Far below the day that is the shortest a rung is kept without being watched. */
const NOTE_EVERY_MS = 30 * 60_000
const MAX_REMEMBERED = 10_000

export class ViewNotes {
  readonly #write: (videoId: VideoId, rendition: string) => Promise<void>
  readonly #now: () => number
  readonly #noted = new Map<string, number>()

  constructor(
    write: (videoId: VideoId, rendition: string) => Promise<void>,
    now: () => number = () => performance.now(),
  ) {
    this.#write = write
    this.#now = now
  }

  note(videoId: VideoId, rendition: string): void {
    const key = `${videoId}/${rendition}`
    const now = this.#now()
    const noted = this.#noted.get(key)
    if (noted !== undefined && now - noted < NOTE_EVERY_MS) return
    this.#noted.delete(key)
    this.#noted.set(key, now)
    const oldest = this.#noted.keys().next().value
    if (this.#noted.size > MAX_REMEMBERED && oldest !== undefined) this.#noted.delete(oldest)
    this.#write(videoId, rendition).catch(() => this.#noted.delete(key))
  }
}
