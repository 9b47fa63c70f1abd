/** A real disk of a few megabytes, where root may mount one: full when it is full. */
import { execFileSync } from 'node:child_process'
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import path from 'node:path'

export interface SmallDisk extends Disposable {
  readonly folder: string
  /** Takes all room but so many bytes, to the page. Returns how many are left. */
  fill(leaveBytes: number): Promise<number>
  makeRoom(): Promise<void>
}

const BALLAST = '.ballast'

/** A tmpfs mounted on `folder`. Throws in words when that is not allowed here. */
export async function mountSmallDisk(folder: string, megabytes: number): Promise<SmallDisk> {
  await mkdir(folder, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'pipe' })
  } catch (error) {
    throw new Error('A disk that is really full needs a tmpfs of its own: run this test as root.', {
      cause: error,
    })
  }
  const ballast = path.join(folder, BALLAST)
  return {
    folder,
    async fill(leaveBytes) {
      await rm(ballast, { force: true })
      const { bavail, bsize } = await statfs(folder)
      const pages = Math.max(0, bavail - Math.ceil(leaveBytes / bsize))
      await writeFile(ballast, Buffer.alloc(pages * bsize, 1)).catch((error: NodeJS.ErrnoException) => {
        // Somebody else was writing meanwhile: then it is full, which is as good.
        if (error.code !== 'ENOSPC') throw error
      })
      return (bavail - pages) * bsize
    },
    makeRoom: () => rm(ballast, { force: true }),
    [Symbol.dispose]() {
      execFileSync('umount', ['-l', folder], { stdio: 'pipe' })
    },
  }
}
