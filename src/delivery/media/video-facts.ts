/**
 * What media requests must know of a video, remembered for a moment: a player asks several times a second
 * for something that changes a few times a day. A change in the catalogue is heard at once; the moment only
 * bounds what is missed while the connection for changes is away.
 */
import type { VideoId } from '../../kernel/ids.ts'
import type { CatalogueChanges } from '../../library/catalogue-changes.ts'
import type { VideoRecord } from '../../library/video-record.ts'
import type { VideoStore } from '../../library/video-store.ts'

const FRESH_MS = 5000
/** When the database does not answer, viewers go on with what was known. */
const STALE_MS = 10 * 60_000
const MAX_VIDEOS = 2000

interface Fact {
  readonly video: VideoRecord | undefined
  readonly at: number
  /** Something changed since it was asked for. */
  outdated: boolean
}

export class VideoFacts implements Disposable {
  readonly #store: Pick<VideoStore, 'find'>
  readonly #now: () => number
  readonly #facts = new Map<VideoId, Fact>()
  readonly #asking = new Map<VideoId, Promise<VideoRecord | undefined>>()
  readonly #changedWhileAsking = new Set<VideoId>()
  readonly #unsubscribe: () => void

  constructor(store: Pick<VideoStore, 'find'>, changes: CatalogueChanges, now: () => number = Date.now) {
    this.#store = store
    this.#now = now
    this.#unsubscribe = changes.subscribe(({ videoId }) => {
      const fact = this.#facts.get(videoId)
      if (fact) fact.outdated = true
      if (this.#asking.has(videoId)) this.#changedWhileAsking.add(videoId)
    })
  }

  /** Undefined: there is no such video. */
  async get(id: VideoId): Promise<VideoRecord | undefined> {
    const fact = this.#facts.get(id)
    if (fact && !fact.outdated && this.#now() - fact.at < FRESH_MS) return fact.video
    try {
      return await (this.#asking.get(id) ?? this.#ask(id))
    } catch (error) {
      if (fact && this.#now() - fact.at < STALE_MS) return fact.video
      throw error
    }
  }

  [Symbol.dispose](): void {
    this.#unsubscribe()
  }

  #ask(id: VideoId): Promise<VideoRecord | undefined> {
    const at = this.#now()
    const asking = this.#store
      .find(id)
      .then((video) => {
        this.#facts.delete(id)
        this.#facts.set(id, { video, at, outdated: this.#changedWhileAsking.has(id) })
        const oldest = this.#facts.keys().next().value
        if (this.#facts.size > MAX_VIDEOS && oldest !== undefined) this.#facts.delete(oldest)
        return video
      })
      .finally(() => {
        this.#asking.delete(id)
        this.#changedWhileAsking.delete(id)
      })
    this.#asking.set(id, asking)
    return asking
  }
}
