/** The log of a broadcast as the packaging thread sees it: what is to be waited for is asked of the other side. */
import type { LogPart, LogParts } from '../../recording/broadcast-log.ts'
import type { GrowingLog } from '../../recording/log-growth.ts'
import type { ToldGrowth, ToldPart } from './thread-messages.ts'

/** What one asks, and gets. Rejects with the signal's reason. */
export interface LogAsks {
  nextPart(part: number, signal?: AbortSignal): Promise<ToldPart | undefined>
  beyond(
    asked: { readonly part: number; readonly bytes: number; readonly groups: boolean },
    signal?: AbortSignal,
  ): Promise<ToldGrowth>
}

export class AskedLog implements LogParts {
  readonly #asks: LogAsks

  constructor(asks: LogAsks) {
    this.#asks = asks
  }

  async nextPart(part: number, signal?: AbortSignal): Promise<LogPart | undefined> {
    const told = await this.#asks.nextPart(part, signal)
    if (!told) return undefined
    const { growth, foreign, ...rest } = told
    return {
      ...rest,
      ...(foreign ? { foreign } : {}),
      ...(growth ? { growth: new AskedGrowth(this.#asks, told.part, growth) } : {}),
    }
  }
}

class AskedGrowth implements GrowingLog {
  readonly #asks: LogAsks
  readonly #part: number
  #known: ToldGrowth

  constructor(asks: LogAsks, part: number, known: ToldGrowth) {
    this.#asks = asks
    this.#part = part
    this.#known = known
  }

  get bytes(): number {
    return this.#known.bytes
  }

  get ended(): boolean {
    return this.#known.ended
  }

  beyond(bytes: number, signal?: AbortSignal): Promise<void> {
    return this.#ask(bytes, false, signal)
  }

  beyondGroup(bytes: number, signal?: AbortSignal): Promise<void> {
    return this.#ask(bytes, true, signal)
  }

  async #ask(bytes: number, groups: boolean, signal: AbortSignal | undefined): Promise<void> {
    if (this.#known.ended || (this.#known.bytes > bytes && !groups)) return
    this.#known = await this.#asks.beyond({ part: this.#part, bytes, groups }, signal)
  }
}
