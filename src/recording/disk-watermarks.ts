/**
 * How full the disk is, in levels that consumers act on:
 *
 *     ok        all is well
 *     warn      less than WARN_FREE_BYTES: encoding pauses
 *     refuse    less than MIN_FREE_BYTES: no new broadcast, no upload
 *     critical  less than EMERGENCY_FREE_BYTES: only recordings of broadcasts on air write
 *
 * and, whatever the minimum, full: a recording could not even begin.
 */
import { statfs } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

export type DiskLevel = 'ok' | 'warn' | 'refuse' | 'critical'

export interface DiskState {
  readonly level: DiskLevel
  readonly freeBytes: number
  readonly totalBytes: number
}

/** Free space below which each level begins, bytes. */
export interface Watermarks {
  readonly warnBytes: number
  readonly refuseBytes: number
  readonly criticalBytes: number
}

/** Less than a few seconds of a broadcast. */
const FULL_BYTES = 4 * 2 ** 20
const POLL_MS = 5000

/** Pure. */
export function diskLevel(
  freeBytes: number,
  { warnBytes, refuseBytes, criticalBytes }: Watermarks,
): DiskLevel {
  if (freeBytes < criticalBytes) return 'critical'
  if (freeBytes < refuseBytes) return 'refuse'
  return freeBytes < warnBytes ? 'warn' : 'ok'
}

export interface DiskWatermarksOptions {
  /** A folder on the file system to watch. */
  readonly folder: string
  readonly marks: Watermarks
  readonly pollMs?: number
  /** Tests put a disk of their own here. */
  readonly measure?: (folder: string) => Promise<{ readonly freeBytes: number; readonly totalBytes: number }>
}

export class DiskWatermarks {
  readonly #options: DiskWatermarksOptions
  readonly #listeners = new Set<(state: DiskState) => void>()
  #state: DiskState | undefined

  constructor(options: DiskWatermarksOptions) {
    this.#options = options
  }

  /** As measured last; undefined before the first time. */
  get state(): DiskState | undefined {
    return this.#state
  }

  get isFull(): boolean {
    return this.#state !== undefined && this.#state.freeBytes < FULL_BYTES
  }

  /** Measures now, and tells listeners when the level is another one. Rejects when the folder is not there. */
  async look(): Promise<DiskState> {
    const { folder, marks, measure = measureDisk } = this.#options
    const { freeBytes, totalBytes } = await measure(folder)
    const before = this.#state?.level
    const state: DiskState = { level: diskLevel(freeBytes, marks), freeBytes, totalBytes }
    this.#state = state
    if (before !== state.level) for (const listener of [...this.#listeners]) listener(state)
    return state
  }

  /** Called with every change of level from now on. Returns what stops it. */
  onChange(listener: (state: DiskState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Looks again and again; resolves when the signal fires. A disk that cannot be measured is told to `onError`. */
  async watch(signal: AbortSignal, onError: (error: unknown) => void): Promise<void> {
    while (!signal.aborted) {
      await this.look().catch(onError)
      await delay(this.#options.pollMs ?? POLL_MS, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }
}

/** What an ordinary user may still write, not what root keeps for itself. */
async function measureDisk(folder: string): Promise<{ freeBytes: number; totalBytes: number }> {
  const { bavail, blocks, bsize } = await statfs(folder)
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}
