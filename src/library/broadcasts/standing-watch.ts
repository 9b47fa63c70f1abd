/**
 * Looks every few seconds whether the channels on air still may be: a suspension, made in whatever process,
 * ends their broadcast; a quota that is crossed does not, its creator is told. Looking is what decides, so
 * that nothing depends on news getting through.
 */
import type { BroadcastId } from '../../kernel/ids.ts'
import type { Logger } from '../../kernel/logger.ts'
import { pause } from '../../kernel/retry.ts'
import type { BroadcastLedger } from './broadcast-ledger.ts'
import { quotaRefusal } from './channel-quota.ts'
import { suspensionWords } from './key-check.ts'
import type { LiveBroadcast } from './live-broadcast.ts'

const LOOK_MS = 3_000
/** Sums over all that a channel has: not with every look. */
const LOOKS_FOR_QUOTA = 10

export interface StandingWatchOptions {
  readonly ledger: Pick<BroadcastLedger, 'listSuspended' | 'storageOf'>
  readonly onAir: () => readonly LiveBroadcast[]
  readonly quotaBytes: number
  readonly log: Logger
}

export class StandingWatch {
  readonly #options: StandingWatchOptions
  readonly #stopping = new AbortController()
  #running: Promise<void> | undefined
  #overQuota: ReadonlyMap<BroadcastId, string> = new Map()

  constructor(options: StandingWatchOptions) {
    this.#options = options
  }

  /** In words for its creator; undefined while there is room. */
  overQuota(broadcastId: BroadcastId): string | undefined {
    return this.#overQuota.get(broadcastId)
  }

  /** Runs as long as something is on air. */
  begin(): void {
    if (this.#stopping.signal.aborted) return
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { onAir, log } = this.#options
    const { signal } = this.#stopping
    for (let looks = 0; ; looks += 1) {
      await pause(LOOK_MS, signal)
      if (signal.aborted || onAir().length === 0) return
      try {
        await this.#endSuspended()
        if (looks % LOOKS_FOR_QUOTA === 0) this.#overQuota = await this.#findOverQuota()
      } catch (error) {
        // What is on air goes on without the database.
        log.debug({ err: error }, 'the channels on air cannot be looked up yet')
      }
    }
  }

  async #endSuspended(): Promise<void> {
    const { ledger, onAir, log } = this.#options
    const live = onAir()
    const suspended = await ledger.listSuspended(live.map(({ channelId }) => channelId))
    for (const one of live) {
      const reason = suspended.get(one.channelId)
      if (reason === undefined || one.ending) continue
      log.warn({ broadcastId: one.broadcastId }, 'ended: the owner of the channel is suspended')
      void one.finish('suspended', suspensionWords(reason))
    }
  }

  async #findOverQuota(): Promise<Map<BroadcastId, string>> {
    const { ledger, onAir, quotaBytes } = this.#options
    const over = new Map<BroadcastId, string>()
    for (const { channelId, broadcastId, recordedBytes } of onAir()) {
      const { storedBytes, ...own } = await ledger.storageOf(channelId)
      const words = quotaRefusal({ ...own, storedBytes: storedBytes + recordedBytes }, quotaBytes)
      if (words !== undefined)
        over.set(broadcastId, `${words} This broadcast goes on; the next one will be refused.`)
    }
    return over
  }
}
