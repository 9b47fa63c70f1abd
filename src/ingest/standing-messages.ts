/**
 * The last of each standing message, for whoever begins in the middle. Bounded: who announces tracks without end
 * is kept up to a limit, the default tracks before all others.
 */
import type { Standing } from '../formats/flv/standing-message.ts'
import { AUDIO, VIDEO } from './media-message.ts'

const MAX_KEPT = 64
const MAX_KEPT_BYTES = 1024 * 1024

interface Kept<T> {
  readonly value: T
  readonly byteLength: number
}

export class StandingMessages<T extends { readonly type: number }> {
  readonly #kept = new Map<string, Kept<T>>()
  #bytes = 0

  get(key: string): T | undefined {
    return this.#kept.get(key)?.value
  }

  /** In place of the one with that key. Beyond the limit nothing is kept of new keys. */
  set({ key, configuration }: Standing, value: T, byteLength: number): void {
    this.#delete(key)
    // What was said of the stream before it is said again if it still holds.
    if (configuration) {
      this.#delete(key.replace('configuration', 'colours'))
      this.#delete(key.replace('configuration', 'channels'))
    }
    const isDefault = key.endsWith(' 0')
    const room = this.#kept.size < MAX_KEPT && this.#bytes + byteLength <= MAX_KEPT_BYTES
    if (!room && !isDefault) return
    this.#kept.set(key, { value, byteLength })
    this.#bytes += byteLength
  }

  clear(): void {
    this.#kept.clear()
    this.#bytes = 0
  }

  /** Those of video first; of each medium in the order in which they came. */
  values(): T[] {
    const all = [...this.#kept.values()].map(({ value }) => value)
    return [VIDEO, AUDIO].flatMap((medium) => all.filter(({ type }) => type === medium))
  }

  #delete(key: string): void {
    this.#bytes -= this.#kept.get(key)?.byteLength ?? 0
    this.#kept.delete(key)
  }
}
