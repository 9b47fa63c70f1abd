/**
 * `storage/first-run.json`: what somebody needs to begin, written on the first start and readable by its user
 * alone. The program never reads it back; it may be deleted once the password is known.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

export interface FirstRun {
  readonly email: string
  readonly password: string
  readonly streamKey: string
  /** What goes into an encoder's "server" field, such as "rtmp://localhost:1935/live". */
  readonly server: string
  /** The web address. */
  readonly site: string
}

/** Whole or not at all, mode 0600 from its first byte. */
export function writeFirstRun(file: string, firstRun: FirstRun): void {
  const aside = `${file}.${process.pid}`
  rmSync(aside, { force: true })
  const descriptor = openSync(aside, 'wx', 0o600)
  try {
    writeSync(descriptor, `${JSON.stringify(firstRun, null, 2)}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(aside, file)
}
