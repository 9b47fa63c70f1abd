/** STORAGE_DIR as the program needs it: there, and writable. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { AppError, describeError } from '../kernel/errors.ts'

/** Makes the folder and tries it. Throws AppError `bad-setting` that names STORAGE_DIR. */
export function prepareStorage(storageDir: string): void {
  const probe = path.join(storageDir, `.write-test-${process.pid}`)
  try {
    makeFolder(storageDir)
    writeFileSync(probe, 'Reprise tries whether it may write here.\n')
    rmSync(probe)
  } catch (cause) {
    throw new AppError('bad-setting', `STORAGE_DIR: ${storageDir} ${reason(cause)}`, { cause })
  }
}

/** mkdirSync's own `recursive` never returns where the kernel answers ENOENT below an existing folder, as /proc does. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(path.dirname(folder))
  mkdirSync(folder)
}

function reason(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EACCES':
    case 'EPERM':
      return 'is not writable for this user.'
    case 'ENOENT':
      return 'cannot be made there.'
    case 'EROFS':
      return 'is on a file system that is mounted read-only.'
    case 'ENOSPC':
    case 'EDQUOT':
      return 'has no space left.'
    case 'EEXIST':
    case 'ENOTDIR':
      return 'is not a folder.'
    default:
      return `cannot be used: ${describeError(error)}`
  }
}
