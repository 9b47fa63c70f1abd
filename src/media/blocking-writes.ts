/**
 * The same for a thread that does nothing else: it may wait for the page cache itself, which spares the way to
 * another thread and back for every call. Only syncing, which waits for the disk, is handed on.
 *
 * What is written is gathered into pieces of 32 KiB. For larger ones the kernel takes folios of a kind that it
 * does not keep warm (above PAGE_ALLOC_COSTLY_ORDER): 600 KB took 1.8 ms in one piece and 0.75 ms in these.
 */
import fs from 'node:fs'
import { promisify } from 'node:util'
import type { DiskWrites } from './disk-writes.ts'

const PIECE_BYTES = 32 * 1024

const fsync = promisify(fs.fsync)
const fdatasync = promisify(fs.fdatasync)

export function makeBlockingWrites(): DiskWrites {
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  return {
    async create(file, parts) {
      await withFile(file, 'wx', async (descriptor) => {
        let filled = 0
        const flush = () => {
          writeAll(descriptor, piece.subarray(0, filled))
          filled = 0
        }
        for (const part of parts) {
          for (let from = 0; from < part.byteLength; ) {
            const taken = part.subarray(from, from + PIECE_BYTES - filled)
            piece.set(taken, filled)
            filled += taken.byteLength
            from += taken.byteLength
            if (filled === PIECE_BYTES) flush()
          }
        }
        flush()
        await fsync(descriptor)
      })
    },

    async rename(from, to) {
      fs.renameSync(from, to)
    },

    append: (file, content) =>
      withFile(file, 'a', async (descriptor) => {
        const { size } = fs.fstatSync(descriptor)
        try {
          writeAll(descriptor, content)
          await fdatasync(descriptor)
        } catch (error) {
          // Half a line must not be what the next one is added to.
          fs.ftruncateSync(descriptor, size)
          throw error
        }
        return size
      }),

    syncFolder: (folder) => withFile(folder, 'r', fsync),
  }
}

async function withFile<T>(
  file: string,
  flags: string,
  work: (descriptor: number) => Promise<T>,
): Promise<T> {
  const descriptor = fs.openSync(file, flags)
  try {
    return await work(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.byteLength; ) from += fs.writeSync(descriptor, bytes, from)
}
