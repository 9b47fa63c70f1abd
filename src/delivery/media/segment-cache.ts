/**
 * Hot segments in memory. A live audience asks for the same few files at the same moment: each is read
 * once, and sent from one buffer to all. Least recently used out first; bounded in bytes.
 * Segments are immutable, so nothing is ever stale.
 */
export class SegmentCache {
  readonly #maxBytes: number
  readonly #maxEntryBytes: number
  readonly #entries = new Map<string, Buffer>()
  readonly #reading = new Map<string, Promise<Buffer | undefined>>()
  #bytes = 0

  constructor(maxBytes: number, maxEntryBytes: number) {
    this.#maxBytes = maxBytes
    this.#maxEntryBytes = maxEntryBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: string): Buffer | undefined {
    const found = this.#entries.get(key)
    if (found) {
      this.#entries.delete(key)
      this.#entries.set(key, found)
    }
    return found
  }

  /** Reads at most once at a time for each key; what is not there is asked for again the next time. */
  async load(key: string, read: () => Promise<Buffer | undefined>): Promise<Buffer | undefined> {
    const found = this.get(key)
    if (found) return found
    const underWay = this.#reading.get(key)
    if (underWay) return underWay
    const reading = read()
      .then((content) => {
        if (content && content.byteLength <= this.#maxEntryBytes) this.#put(key, content)
        return content
      })
      .finally(() => this.#reading.delete(key))
    this.#reading.set(key, reading)
    return reading
  }

  #put(key: string, content: Buffer): void {
    this.#bytes += content.byteLength - (this.#entries.get(key)?.byteLength ?? 0)
    this.#entries.delete(key)
    this.#entries.set(key, content)
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) break
      this.#entries.delete(oldest)
      this.#bytes -= entry.byteLength
    }
  }
}
