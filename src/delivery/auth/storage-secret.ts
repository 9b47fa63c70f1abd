/**
 * The program's secret: 32 random bytes in STORAGE_DIR, made once, readable by its owner only. What signs
 * sessions and what signs media addresses are derived from it, so neither can be used for the other.
 */
import { hkdfSync, randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../kernel/errors.ts'

const SECRET_BYTES = 32

/** Throws AppError `setup-failed` when the file is damaged. Several programs starting at once agree on one secret. */
export async function openStorageSecret(file: string): Promise<Buffer> {
  const found = await read(file)
  if (found) return found
  await mkdir(path.dirname(file), { recursive: true })
  const aside = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  await writeFile(aside, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`, { mode: 0o600, flush: true })
  try {
    // Unlike rename, link never replaces what another program has just put there.
    await link(aside, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(aside, { force: true })
  }
  const made = await read(file)
  if (!made) throw new AppError('setup-failed', `The secret could not be kept in ${file}.`)
  return made
}

/** RFC 5869. A key of its own for each purpose. */
export function deriveKey(secret: Uint8Array, purpose: 'sessions' | 'media'): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `reprise ${purpose}`, SECRET_BYTES))
}

async function read(file: string): Promise<Buffer | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const secret = Buffer.from(text.trim(), 'base64url')
  if (secret.byteLength !== SECRET_BYTES) {
    throw new AppError(
      'setup-failed',
      `${file} is damaged. Remove it: a new one is made, and everybody signs in again.`,
    )
  }
  return secret
}
