/** The first half of the publish gate: whose key this is, and whether it may be used at all. */
import type { PublishRequest } from '../../ingest/publish-gate.ts'
import type { Logger } from '../../kernel/logger.ts'
import { pause } from '../../kernel/retry.ts'
import { hashStreamKey } from '../stream-key-secret.ts'
import type { BroadcastLedger, KeyHolder } from './broadcast-ledger.ts'
import { PublishAttempts } from './publish-attempts.ts'

/** Less than ingest gives an encoder to be admitted. */
const DATABASE_PATIENCE_MS = 15_000
const LOOK_AGAIN_MS = 500

export interface KeyCheckOptions {
  readonly ledger: Pick<BroadcastLedger, 'findKeyHolder'>
  readonly log: Logger
  /** Aborted: the database is not waited for any more. */
  readonly signal: AbortSignal
}

export class KeyCheck {
  readonly #options: KeyCheckOptions
  readonly #attempts = new PublishAttempts()

  constructor(options: KeyCheckOptions) {
    this.#options = options
  }

  /** A string: the refusal, in words. Rejects when the database stays away. */
  async check({ streamKey, remoteAddress }: PublishRequest): Promise<KeyHolder | string> {
    const keyHash = hashStreamKey(streamKey)
    const tooMany = this.#attempts.ask(remoteAddress, keyHash)
    if (tooMany !== undefined) return tooMany
    const holder = await this.#find(keyHash)
    if (!holder) {
      this.#attempts.wrong(remoteAddress, keyHash)
      return 'Unknown stream key. Copy it again from the studio, or make a new one there.'
    }
    this.#attempts.right(keyHash)
    if (holder.keyState !== 'valid')
      return `This stream key ${holder.keyState === 'revoked' ? 'was revoked' : 'has expired'}. Make a new one in the studio.`
    if (holder.suspended !== undefined) return suspensionWords(holder.suspended)
    return holder
  }

  /** A database that is away for a moment is waited for: many encoders do not try again by themselves. */
  async #find(keyHash: string): Promise<KeyHolder | undefined> {
    const { ledger, log, signal } = this.#options
    const until = Date.now() + DATABASE_PATIENCE_MS
    for (;;) {
      try {
        return await ledger.findKeyHolder(keyHash)
      } catch (error) {
        if (Date.now() >= until || signal.aborted) throw error
        log.warn({ err: error }, 'the stream key cannot be looked up yet; trying again')
        await pause(LOOK_AGAIN_MS, signal)
      }
    }
  }
}

/** `reason`: as the administrator gave it, or empty. */
export function suspensionWords(reason: string): string {
  const why = reason === '' ? '' : ` Reason: ${reason.replace(/[.\s]+$/, '')}.`
  return `This channel is suspended and may not broadcast.${why} Ask the administrator.`
}
