/**
 * Adds lines to a timeline, in order, each only after the files it tells of are stored; several segments may be
 * on their way at once.
 */
import type { MediaKey } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import { encodeTimelineEntry, type TimelineEntry, type TimelineSegment } from './timeline.ts'

/** A segment whose line is not in the timeline yet. */
interface Untold {
  readonly entry: TimelineSegment
  readonly told: () => void
  readonly stored: Promise<unknown>
  isStored: boolean
}

/** Segments being stored at a time: syncing a file is waiting, and until then its bytes are held. */
const IN_FLIGHT = 4

export class TimelineLines {
  readonly #store: MediaStore
  readonly #key: MediaKey
  /** Stored and told, in order. */
  #told: Promise<void> = Promise.resolve()
  readonly #untold: Untold[] = []
  #telling = false
  #inFlight = 0
  readonly #room: (() => void)[] = []
  #failure: { readonly error: unknown } | undefined

  constructor(store: MediaStore, key: MediaKey) {
    this.#store = store
    this.#key = key
  }

  /** Storing has failed: nothing more can be added. */
  get failed(): boolean {
    return this.#failure !== undefined
  }

  /** Resolves when one more segment may be on its way: `tell` or `fail` follows. Rejects when storing has failed. */
  async enter(): Promise<void> {
    while (this.#inFlight >= IN_FLIGHT && !this.#failure)
      await new Promise<void>((resolve) => this.#room.push(resolve))
    if (this.#failure) throw this.#failure.error
    this.#inFlight += 1
  }

  /** The one that entered will not come. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#leave()
  }

  /** `entry` is added when `stored` resolves and all before it are; then `told` is called. */
  tell(stored: Promise<unknown>, entry: TimelineSegment, told: () => void): void {
    const waiting: Untold = { entry, told, stored, isStored: false }
    this.#untold.push(waiting)
    // Awaited in #tellAll; until then a failure must not count as unhandled.
    stored.then(
      () => {
        waiting.isStored = true
      },
      () => undefined,
    )
    if (this.#untold.length > 1 || this.#telling) return
    this.#telling = true
    this.#told = this.#tellAll()
  }

  /** Resolves when everything told of is in the timeline. */
  async settled(): Promise<void> {
    await this.#told
    if (this.#failure) throw this.#failure.error
  }

  /** At once, behind all that is told. */
  async append(entries: readonly TimelineEntry[]): Promise<void> {
    await this.#told
    await this.#write(entries)
  }

  /** As many at once as have their files stored. Never rejects. */
  async #tellAll(): Promise<void> {
    for (let first = this.#untold[0]; first; first = this.#untold[0]) {
      let count = 1
      try {
        await first.stored
        while (this.#untold[count]?.isStored) count += 1
        const stored = this.#untold.slice(0, count)
        if (!this.#failure) {
          await this.#write(stored.map(({ entry }) => entry))
          for (const { told } of stored) told()
        }
      } catch (error) {
        this.#failure ??= { error }
      }
      this.#untold.splice(0, count)
      for (let i = 0; i < count; i++) this.#leave()
    }
    // In the same turn as the last look: what is told from now on begins anew.
    this.#telling = false
  }

  #leave(): void {
    this.#inFlight -= 1
    this.#room.shift()?.()
  }

  async #write(entries: readonly TimelineEntry[]): Promise<void> {
    await this.#store.append(this.#key, Buffer.from(entries.map(encodeTimelineEntry).join('')))
  }
}
