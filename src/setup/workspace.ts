/**
 * A process's own folder below `<storage>/tmp`: several work in one storage folder, and what a killed one left
 * must go without touching what the others are at. Beside each folder `<id>/` stands `<id>.lock`, held as the
 * storage lock is (storage-lock.ts): by the kernel, for as long as its process lives.
 */
import { existsSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { newId } from '../kernel/ids.ts'
import { type FileLock, tryLockFile } from './storage-lock.ts'

const LOCK_ENDING = '.lock'

export interface Workspace extends AsyncDisposable {
  /** Absolute; this process's alone. */
  readonly dir: string
}

/** Removes what dead processes left, and makes a folder. `tmpDir` is absolute. Disposed: the folder is removed. */
export async function openWorkspace(tmpDir: string): Promise<Workspace> {
  await mkdir(tmpDir, { recursive: true })
  await sweepWorkspaces(tmpDir)
  for (;;) {
    const dir = path.join(tmpDir, newId())
    const lock = tryLockFile(dir + LOCK_ENDING)
    // Somebody who sweeps may have been between the file's making and its locking.
    if (!lock || !existsSync(dir + LOCK_ENDING)) {
      lock?.[Symbol.dispose]()
      continue
    }
    await mkdir(dir)
    return {
      dir,
      async [Symbol.asyncDispose]() {
        await remove(dir)
        lock[Symbol.dispose]()
      },
    }
  }
}

/** Removes the folders of processes that are gone, and whatever else lies there. */
export async function sweepWorkspaces(tmpDir: string): Promise<void> {
  const names = new Set(await readdir(tmpDir))
  for (const name of names) {
    if (name.endsWith(LOCK_ENDING)) {
      const lock = tryLockExisting(path.join(tmpDir, name))
      if (!lock) continue
      using _ = lock
      await remove(path.join(tmpDir, name.slice(0, -LOCK_ENDING.length)))
    } else if (!names.has(name + LOCK_ENDING) && !existsSync(path.join(tmpDir, name + LOCK_ENDING))) {
      // Of an older version, which had one folder for all.
      await rm(path.join(tmpDir, name), { recursive: true, force: true })
    }
  }
}

function tryLockExisting(file: string): FileLock | undefined {
  return existsSync(file) ? tryLockFile(file) : undefined
}

/** The folder first: what stops in between is found again by the lock's file. */
async function remove(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true })
  await rm(dir + LOCK_ENDING, { force: true })
}
