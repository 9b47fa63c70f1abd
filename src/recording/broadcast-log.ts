/**
 * The log of one broadcast as its readers see it: parts in order, the last of which may be growing,
 * until the broadcast ends. Parts of earlier runs are found on disk.
 */
import { readdir } from 'node:fs/promises'
import type { BroadcastId } from '../kernel/ids.ts'
import type { StoragePaths } from '../media/layout.ts'
import { type GrowingLog, type LogGrowth, waitUntil } from './log-growth.ts'

export interface LogPart {
  readonly part: number
  readonly file: string
  /** Present while the part is being written. */
  readonly growth?: GrowingLog
  /** A file that others wrote. */
  readonly foreign?: boolean
}

/** What readers of a whole log need: the first part at or after a number, or undefined when there is none and none will come. */
export interface LogParts {
  nextPart(part: number, signal?: AbortSignal): Promise<LogPart | undefined>
}

/** The whole log of a broadcast as it stands on disk, whoever wrote it: ended from the start. */
export function finishedLog(
  paths: Pick<StoragePaths, 'recording' | 'recordingPart'>,
  broadcastId: BroadcastId,
): BroadcastLog {
  const log = new BroadcastLog(paths.recording(broadcastId), (part) => paths.recordingPart(broadcastId, part))
  log.end()
  return log
}

export class BroadcastLog implements LogParts {
  readonly #folder: string
  readonly #partFile: (part: number) => string
  readonly #live = new Map<number, LogGrowth>()
  /** Parts whose file may be there before it is known how it grows. */
  readonly #opening = new Set<number>()
  readonly #waiting = new Set<() => void>()
  #ended = false

  constructor(folder: string, partFile: (part: number) => string) {
    this.#folder = folder
    this.#partFile = partFile
  }

  /** No part will be added. */
  get ended(): boolean {
    return this.#ended
  }

  /** The recorder's: the file of a part is about to be made. `opened` or `notOpened` follows. */
  opening(part: number): void {
    this.#opening.add(part)
  }

  /** The recorder's: a part is being written. */
  opened(part: number, growth: LogGrowth): void {
    this.#live.set(part, growth)
    this.notOpened(part)
  }

  notOpened(part: number): void {
    this.#opening.delete(part)
    for (const wake of [...this.#waiting]) wake()
  }

  /** The broadcast is over: readers come to their end. */
  end(): void {
    this.#ended = true
    for (const wake of [...this.#waiting]) wake()
  }

  /** Parts there are now, in order. */
  async parts(): Promise<number[]> {
    const numbers = new Set([...(await partsOnDisk(this.#folder)), ...this.#live.keys()])
    return [...numbers].sort((a, b) => a - b)
  }

  /**
   * The first part at or after `part`, waited for while the broadcast goes on; undefined when it has
   * ended without. Parts before the newest are complete. Rejects with the signal's reason.
   */
  async nextPart(part: number, signal?: AbortSignal): Promise<LogPart | undefined> {
    for (;;) {
      const ended = this.#ended
      const known = this.#live.size
      const next = (await this.parts()).find((number) => number >= part)
      if (next !== undefined && this.#opening.has(next)) {
        await waitUntil(this.#waiting, () => !this.#opening.has(next), signal)
        continue
      }
      if (next !== undefined) {
        const growth = this.#live.get(next)
        return { part: next, file: this.#partFile(next), ...(growth ? { growth } : {}) }
      }
      if (ended) return undefined
      await waitUntil(this.#waiting, () => this.#ended || this.#live.size > known, signal)
    }
  }
}

/** Numbers of the parts in a folder, in order; none when there is no folder. */
export async function partsOnDisk(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return names
    .map((name) => /^(\d+)\.flv$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
}
