/** What storing files asks of the operating system. Each call is handed to a thread and back, so that nobody waits for a disk. */
import { type FileHandle, open, rename } from 'node:fs/promises'

export interface DiskWrites {
  /** A new file of these parts, one behind the other, synced. Rejects when it is there already. */
  create(file: string, parts: readonly Uint8Array[]): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** All of it or nothing, synced; resolves with how many bytes there were before. */
  append(file: string, content: Uint8Array): Promise<number>
  syncFolder(folder: string): Promise<void>
}

export const diskWrites: DiskWrites = {
  rename,

  async create(file, parts) {
    await using handle = await open(file, 'wx')
    await writeAll(handle, parts)
    await handle.sync()
  },

  async append(file, content) {
    await using handle = await open(file, 'a')
    const { size } = await handle.stat()
    try {
      await handle.writeFile(content)
      await handle.datasync()
    } catch (error) {
      // Half a line must not be what the next one is added to.
      await handle.truncate(size).catch(() => undefined)
      throw error
    }
    return size
  },

  async syncFolder(folder) {
    await using handle = await open(folder, 'r')
    await handle.sync()
  },
}

/** A system call for all of it, unless the disk takes less. */
async function writeAll(file: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  let left = parts
  while (left.length > 0) {
    let { bytesWritten } = await file.writev(left)
    const cut = left.findIndex(({ byteLength }) => {
      if (byteLength > bytesWritten) return true
      bytesWritten -= byteLength
      return false
    })
    left = cut === -1 ? [] : [left[cut]?.subarray(bytesWritten) ?? new Uint8Array(), ...left.slice(cut + 1)]
  }
}
