/** The first start: an administrator, a channel and a stream key, so that somebody can sign in and broadcast. */
import { randomInt } from 'node:crypto'
import { AppError } from '../../kernel/errors.ts'
import type { People } from './people.ts'

/** Shown once; the stream key and a generated password are kept nowhere but hashed. */
export interface FirstAdmin {
  readonly email: string
  readonly password: string
  readonly streamKey: string
  readonly handle: string
}

const NAME = 'admin'
/** Without letters and digits that look alike: it is read off a terminal. */
const READABLE = 'abcdefghjkmnpqrstuvwxyz23456789'
const PASSWORD_LENGTH = 16

/** Undefined when there are people already: this was not the first start. */
export async function createFirstAdmin(
  people: People,
  admin: { readonly email: string; readonly password: string | undefined },
): Promise<FirstAdmin | undefined> {
  if ((await people.list()).length > 0) return undefined
  const password =
    admin.password ??
    Array.from({ length: PASSWORD_LENGTH }, () => READABLE[randomInt(READABLE.length)]).join('')
  try {
    await people.create({ email: admin.email, name: NAME, password, role: 'admin' })
  } catch (error) {
    // Another program of the same start was quicker.
    if (error instanceof AppError && error.code === 'conflict') return undefined
    throw error
  }
  const { key, handle } = await people.createStreamKey(admin.email, 'First key')
  return { email: admin.email, password, streamKey: key, handle }
}
