/** The few calls a log makes on its file; tests put a failing disk in its place. Callbacks, since the hot path has no time for promises. */
import fs from 'node:fs'
import path from 'node:path'

export interface LogFile {
  /** Writes at the end. `written` may be less than asked. */
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    done: (error: Error | null, written: number) => void,
  ): void
  sync(done: (error: Error | null) => void): void
  truncate(bytes: number): Promise<void>
  close(): Promise<void>
}

/** Creates the file; rejects with EEXIST when there is one, so that no recording is ever written over. */
export async function createLogFile(file: string): Promise<LogFile> {
  const folder = path.dirname(file)
  const made = await fs.promises.mkdir(folder, { recursive: true })
  const handle = await fs.promises.open(file, 'ax')
  await syncNames(folder, made).catch(async (error: unknown) => {
    await handle.close()
    throw error
  })
  const { fd } = handle
  return {
    write: (bytes, offset, length, done) => fs.write(fd, bytes, offset, length, null, done),
    sync: (done) => fs.fdatasync(fd, done),
    truncate: (bytes) => handle.truncate(bytes),
    close: () => handle.close(),
  }
}

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
