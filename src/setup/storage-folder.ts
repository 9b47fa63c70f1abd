/** STORAGE_DIR and the folder of MEDIA_URL as the program needs them: there, and writable. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Config } from '../config/config.ts'
import { AppError, describeError, isDiskFull } from '../kernel/errors.ts'

/** Makes the folders and tries them. Throws AppError `bad-setting` that names the setting. */
export function prepareStorage({ storageDir, mediaDir }: Pick<Config, 'storageDir' | 'mediaDir'>): void {
  prepareFolder('STORAGE_DIR', storageDir)
  // Below it unless it was set.
  prepareFolder(mediaDir.startsWith(storageDir + path.sep) ? 'STORAGE_DIR' : 'MEDIA_URL', mediaDir)
}

function prepareFolder(setting: 'STORAGE_DIR' | 'MEDIA_URL', folder: string): void {
  const probe = path.join(folder, `.write-test-${process.pid}`)
  try {
    makeFolder(folder)
    writeFileSync(probe, 'Reprise tries whether it may write here.\n')
    rmSync(probe)
  } catch (cause) {
    if (isDiskFull(cause)) {
      rmSync(probe, { force: true })
      // A media store without room delays replays; recordings go on, and what is there plays.
      if (setting === 'MEDIA_URL') return
    }
    throw new AppError('bad-setting', `${setting}: ${folder} ${reason(cause)}`, { cause })
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
