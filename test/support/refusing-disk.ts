/** Log files on a disk that refuses when it is told to: by error code, for the files it is told. */
import { createLogFile } from '../../src/recording/log-file.ts'

export type DiskCall = 'create' | 'write' | 'sync'

export class RefusingDisk {
  /** Undefined: it takes everything. */
  #refusal:
    | { readonly code: string; readonly call: DiskCall; readonly file: RegExp; roomBytes: number }
    | undefined

  /** From now on, after `roomBytes` more of those files, which a write may cross in its middle. */
  refuse(code: string, options: { call?: DiskCall; file?: RegExp; roomBytes?: number } = {}): void {
    const { call = 'write', file = /\.flv$/, roomBytes = 0 } = options
    this.#refusal = { code, call, file, roomBytes }
  }

  makeRoom(): void {
    this.#refusal = undefined
  }

  readonly createFile: typeof createLogFile = async (file, thread) => {
    if (this.#of(file, 'create')) throw this.#error()
    const real = await createLogFile(file, thread)
    return {
      ...real,
      write: (bytes, offset, length, done) => {
        const refusal = this.#of(file, 'write')
        if (!refusal) return real.write(bytes, offset, length, done)
        const taken = Math.min(length, refusal.roomBytes)
        refusal.roomBytes -= taken
        if (taken > 0) return real.write(bytes, offset, taken, done)
        queueMicrotask(() => done(this.#error(refusal.code), 0))
      },
      sync: (done) => {
        const refusal = this.#of(file, 'sync')
        if (!refusal) return real.sync(done)
        queueMicrotask(() => done(this.#error(refusal.code)))
      },
    }
  }

  #of(file: string, call: DiskCall) {
    const refusal = this.#refusal
    return refusal && refusal.call === call && refusal.file.test(file) ? refusal : undefined
  }

  #error(code = this.#refusal?.code ?? 'EIO'): NodeJS.ErrnoException {
    return Object.assign(new Error(`${code}: refused by the test`), { code })
  }
}
