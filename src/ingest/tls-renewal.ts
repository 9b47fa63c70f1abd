/**
 * A certificate that is renewed while the server runs: its files are looked at every so often, and read
 * again when they changed. What cannot be used leaves the one before in place.
 */
import { stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { SecureContext } from 'node:tls'
import { readTlsIdentity, type TlsFiles, type TlsIdentity } from './tls-identity.ts'

const LOOK_EVERY_MS = 60_000

export interface RenewalListener {
  onRenewed(identity: TlsIdentity): void
  /** At every look until the files can be used: between the writing of one and the other this is to be expected. */
  onError(error: unknown): void
}

export class RenewedTlsIdentity {
  readonly #files: TlsFiles
  #identity: TlsIdentity
  /** When the files were changed that `#identity` came from. */
  #changed: string

  private constructor(files: TlsFiles, identity: TlsIdentity, changed: string) {
    this.#files = files
    this.#identity = identity
    this.#changed = changed
  }

  /** Throws AppError `bad-setting` as `readTlsIdentity` does. */
  static async open(files: TlsFiles): Promise<RenewedTlsIdentity> {
    // Before the reading: a change meanwhile is seen by the first look. What is missing is for the reading to say.
    const changed = await lastChange(files).catch(() => '')
    return new RenewedTlsIdentity(files, await readTlsIdentity(files), changed)
  }

  /** For the next connection. */
  get context(): SecureContext {
    return this.#identity.context
  }

  get expiresAt(): Date {
    return this.#identity.expiresAt
  }

  /** Resolves when the signal aborts. */
  async watch(signal: AbortSignal, listener: RenewalListener, everyMs = LOOK_EVERY_MS): Promise<void> {
    while (!signal.aborted) {
      await delay(everyMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      try {
        const changed = await lastChange(this.#files)
        if (changed === this.#changed) continue
        this.#identity = await readTlsIdentity(this.#files)
        this.#changed = changed
        listener.onRenewed(this.#identity)
      } catch (error) {
        listener.onError(error)
      }
    }
  }
}

/** Differs after every change of either file, also when they are links that now lead elsewhere. */
async function lastChange({ certFile, keyFile }: TlsFiles): Promise<string> {
  const found = await Promise.all([certFile, keyFile].map((file) => stat(file)))
  return found.map(({ mtimeMs, ino, size }) => `${ino} ${size} ${mtimeMs}`).join(', ')
}
