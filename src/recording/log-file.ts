/** The few calls a log makes on its file; tests put a failing disk in its place. Callbacks, since the hot path has no time for promises. */
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import type { WriteThread } from './write-thread.ts'

export interface LogFile {
  /** Resolves when its name survives a power loss. Nothing that is written waits for it. */
  readonly named: Promise<void>
  /** Writes at the end. `bytes` are shared memory; `written` may be less than asked. */
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    done: (error: Error | null, written: number) => void,
  ): void
  /** What was written survives a power loss, and its name does. */
  sync(done: (error: Error | null) => void): void
  truncate(bytes: number): Promise<void>
  close(): Promise<void>
}

/** Creates the file; rejects with EEXIST when there is one, so that no recording is ever written over. */
export async function createLogFile(file: string, thread: WriteThread): Promise<LogFile> {
  const folder = path.dirname(file)
  let made: string | undefined
  const fd = await thread.open(file).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    made = await fs.promises.mkdir(folder, { recursive: true })
    return thread.open(file)
  })
  const named = syncNames(folder, made)
  // Whoever waits for it hears of a failure, and so does the next sync.
  named.catch(() => undefined)
  return {
    named,
    write: (bytes, offset, length, done) => thread.write(fd, bytes.subarray(offset, offset + length), done),
    sync: (done) => void named.then(() => fs.fdatasync(fd, done), done),
    truncate: (bytes) => truncate(fd, bytes),
    close: () => close(fd),
  }
}

const truncate = promisify(fs.ftruncate)
const close = promisify(fs.close)

/** The file's name, and those of the folders that were made for it, the first of which is `made`. */
async function syncNames(folder: string, made: string | undefined): Promise<void> {
  for (let at = folder; ; at = path.dirname(at)) {
    await syncFolder(at)
    if (made === undefined || at === path.dirname(made)) return
  }
}

/** Makes a new name survive a power loss. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.promises.open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
