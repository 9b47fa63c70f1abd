/**
 * The thread that opens and writes the files of recordings, and does nothing else. Node has four threads for
 * all files, names and passwords of a process: on a slow disk they are all waiting for a sync when a beat has
 * to be written. What is asked for in one turn of the event loop travels in one message, and so do the answers.
 */
import { Worker } from 'node:worker_threads'

interface Requests {
  readonly open: { readonly id: number; readonly file: string }[]
  /** In fours: id, descriptor, and where the bytes lie in the shared memory: offset and length. */
  readonly write: number[]
  readonly writeThis: { readonly id: number; readonly fd: number; readonly bytes: Uint8Array }[]
}

interface Answers {
  /** In twos: id, and the descriptor or how many bytes were written. */
  readonly done: readonly number[]
  /** Errors lose their code on the way between threads. */
  readonly failed: readonly { readonly id: number; readonly message: string; readonly code?: string }[]
}

type Done = (error: NodeJS.ErrnoException | null, value: number) => void

export class WriteThread implements AsyncDisposable {
  readonly #memory: SharedArrayBuffer
  #worker: Worker | undefined
  /** Asked for in this turn. */
  #requests: Requests = { open: [], write: [], writeThis: [] }
  #isSending = false
  readonly #asked = new Map<number, Done>()
  #lastId = 0

  /** Bytes to be written need not travel when they lie in `memory`. Begins early what the first recording would wait for. */
  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory
    this.#start()
  }

  /** Creates a file to append to; its descriptor. Rejects with EEXIST when there is one. */
  open(file: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const id = this.#ask((error, fd) => (error ? reject(error) : resolve(fd)))
      this.#requests.open.push({ id, file })
    })
  }

  /** At the end of the file; `done` gets how many bytes were taken, and until then they must not change. */
  write(fd: number, bytes: Uint8Array, done: Done): void {
    const id = this.#ask(done)
    if (bytes.buffer === this.#memory) this.#requests.write.push(id, fd, bytes.byteOffset, bytes.byteLength)
    else this.#requests.writeThis.push({ id, fd, bytes })
  }

  /** Nothing may be under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate()
  }

  #ask(done: Done): number {
    if (!this.#isSending) queueMicrotask(() => this.#send())
    this.#isSending = true
    this.#lastId += 1
    this.#asked.set(this.#lastId, done)
    return this.#lastId
  }

  #send(): void {
    const worker = this.#worker ?? this.#start()
    worker.ref()
    worker.postMessage(this.#requests)
    this.#isSending = false
    this.#requests = { open: [], write: [], writeThis: [] }
  }

  #start(): Worker {
    const worker = new Worker(new URL('./write-thread-worker.mjs', import.meta.url), {
      name: 'recordings',
      workerData: this.#memory,
      // Files are closed by whoever asked for them.
      trackUnmanagedFds: false,
      // It makes next to no garbage.
      resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 },
    })
    worker.on('message', ({ done, failed }: Answers) => {
      for (let at = 0; at < done.length; at += 2) this.#settle(done[at], null, done[at + 1])
      for (const { id, message, code } of failed)
        this.#settle(id, Object.assign(new Error(message), { code }))
      if (this.#asked.size === 0) worker.unref()
    })
    // A bug in it, or no memory: what was asked for has failed, and the next one gets a new thread.
    worker.on('error', (error) => {
      this.#worker = undefined
      for (const id of [...this.#asked.keys()]) this.#settle(id, error)
    })
    worker.unref()
    this.#worker = worker
    return worker
  }

  #settle(id = 0, error: NodeJS.ErrnoException | null, value = 0): void {
    const done = this.#asked.get(id)
    this.#asked.delete(id)
    done?.(error, value)
  }
}
