/**
 * One owner for one STORAGE_DIR: of its recordings, which the ingest role writes and salvages, and of its
 * embedded database. Processes of other roles visit. The lock is the kernel's, taken by SQLite on
 * `<storage>/.lock`, so it goes with the process however that ends and never is stale; `.owner.json` beside it
 * only tells a person who holds it.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AppError } from '../kernel/errors.ts'

/** SQLITE_BUSY. https://www.sqlite.org/rescode.html#busy */
const BUSY = 5

export interface StorageLock extends Disposable {
  readonly storageDir: string
}

/** Throws AppError `setup-failed` when another program holds it. */
export function lockStorage(storageDir: string): StorageLock {
  const lock = tryLockStorage(storageDir)
  if (lock) return lock
  throw new AppError(
    'setup-failed',
    `STORAGE_DIR: ${storageDir} is in use by another Reprise${describeOwner(storageDir)}. Stop that one first, or give this one a STORAGE_DIR of its own.`,
  )
}

/** Undefined when another program holds it. */
export function tryLockStorage(storageDir: string): StorageLock | undefined {
  const ownerFile = path.join(storageDir, '.owner.json')
  const lock = tryLockFile(path.join(storageDir, '.lock'))
  if (!lock) return undefined
  writeFileSync(ownerFile, JSON.stringify({ pid: process.pid, since: new Date().toISOString() }))
  return {
    storageDir,
    [Symbol.dispose]() {
      rmSync(ownerFile, { force: true })
      lock[Symbol.dispose]()
    },
  }
}

export type FileLock = Disposable

/** Makes the file when it is not there. Undefined: another process, or another holder in this one, has the lock. */
export function tryLockFile(file: string): FileLock | undefined {
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    // Nothing is ever written: a journal would be a second file, and stay behind a kill.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode === BUSY) return undefined
    throw error
  }
  return { [Symbol.dispose]: () => database.close() }
}

/**
 * One web for one STORAGE_DIR: at its start it takes away uploads that were cut off, which another one may just be
 * receiving. Throws AppError `setup-failed`.
 */
export function lockUploads(storageDir: string): Disposable {
  const lock = tryLockFile(path.join(storageDir, '.web.lock'))
  if (lock) return lock
  throw new AppError(
    'setup-failed',
    `STORAGE_DIR: ${storageDir} has a Reprise with the role web already. Stop that one first.`,
  )
}

function describeOwner(storageDir: string): string {
  try {
    const { pid, since } = JSON.parse(readFileSync(path.join(storageDir, '.owner.json'), 'utf8')) as Record<
      string,
      unknown
    >
    return ` (process ${pid}, since ${since})`
  } catch {
    return ''
  }
}
