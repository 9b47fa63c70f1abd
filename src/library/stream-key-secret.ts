/** Stream keys: the secret, and what is kept of it. */
import { createHash, randomBytes } from 'node:crypto'

/** 160 random bits, in letters and digits that survive every encoder's settings page. */
export function newStreamKey(): string {
  return `rk_${randomBytes(20).toString('hex')}`
}

/** SHA-256 in hex. The key has enough entropy that a fast hash is safe and can be looked up. */
export function hashStreamKey(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}
