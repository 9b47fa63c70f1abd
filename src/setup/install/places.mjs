/** Where things are, and the stamps that tell whether a step has to be done again. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..')
export const MODULES = path.join(ROOT, 'node_modules')
export const LOCKFILE = path.join(ROOT, 'package-lock.json')
export const PROGRAM_NODE = path.join(MODULES, '.bin', 'node')

/** Stamps lie in node_modules, so that they vanish with what they vouch for. */
const STAMPS = path.join(MODULES, '.reprise')

/** The Node that runs the program: the pinned one when it is there, else this one. */
export function programNodePath() {
  return existsSync(PROGRAM_NODE) ? PROGRAM_NODE : process.execPath
}

/** @param {string} file */
export function readText(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** @param {string | Buffer | undefined} content */
export function sha256(content) {
  return createHash('sha256')
    .update(content ?? '')
    .digest('hex')
}

/** @param {string} name */
export function readStamp(name) {
  return readText(path.join(STAMPS, name))
}

/**
 * @param {string} name
 * @param {string} value
 */
export function writeStamp(name, value) {
  mkdirSync(STAMPS, { recursive: true })
  writeFileSync(path.join(STAMPS, name), value)
}
