/** Making and changing people, for the first start and the command line: there is no way to sign up by oneself. */
import { z } from 'zod'
import { AppError } from '../../kernel/errors.ts'
import type { UserId } from '../../kernel/ids.ts'
import type { Channels } from '../../library/channels.ts'
import type { PeopleDirectory, PersonRecord, Suspension } from '../../library/people.ts'
import type { PersonRole } from '../../library/permissions.ts'
import type { StreamKeyRecord, StreamKeys } from '../../library/stream-keys.ts'
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, type SignIn } from './sign-in.ts'

export interface PeopleOptions {
  readonly signIn: SignIn
  readonly directory: PeopleDirectory
  readonly channels: Channels
  readonly streamKeys: StreamKeys
}

export class People {
  readonly #options: PeopleOptions

  constructor(options: PeopleOptions) {
    this.#options = options
  }

  list(): Promise<readonly PersonRecord[]> {
    return this.#options.directory.list()
  }

  /** Creators and administrators get a channel. Throws AppError `conflict`, `invalid-input`. */
  async create(person: {
    readonly email: string
    readonly name: string
    readonly password: string
    readonly role: PersonRole
  }): Promise<PersonRecord> {
    const { signIn, directory, channels } = this.#options
    const email = person.email.trim().toLowerCase()
    if (!z.email().safeParse(email).success)
      throw new AppError('invalid-input', `"${person.email}" is not an e-mail address.`)
    checkPassword(person.password)
    const refuseTaken = async (cause?: unknown) => {
      if (await directory.findByEmail(email))
        throw new AppError('conflict', `There is a person with the e-mail ${email} already.`, { cause })
    }
    await refuseTaken()
    const { user } = await signIn.api
      .createUser({ body: { email, name: person.name, password: person.password, role: person.role } })
      .catch(async (error: unknown) => {
        // Somebody else may have been quicker, in another process.
        await refuseTaken(error)
        throw error
      })
    const made = {
      id: user.id as UserId,
      name: person.name,
      email,
      role: person.role,
      suspension: undefined,
    }
    if (person.role !== 'viewer') await channels.ensure(made.id, made.name)
    return made
  }

  /** Ends the person's sessions too. Throws AppError `not-found`, `invalid-input`. */
  async setPassword(email: string, password: string): Promise<void> {
    checkPassword(password)
    const person = await this.#find(email)
    const context = await this.#options.signIn.$context
    await context.internalAdapter.updatePassword(person.id, await context.password.hash(password))
    await context.internalAdapter.deleteUserSessions(person.id)
  }

  /** Takes effect with the person's next request. Throws AppError `not-found`. */
  async setRole(email: string, role: PersonRole): Promise<PersonRecord> {
    const person = await this.#find(email)
    const context = await this.#options.signIn.$context
    await context.internalAdapter.updateUser(person.id, { role })
    if (role !== 'viewer') await this.#options.channels.ensure(person.id, person.name)
    return { ...person, role }
  }

  /**
   * They are signed out, their tokens and stream keys do nothing, and what they have on air ends within
   * seconds, in whatever process. Throws AppError `not-found`.
   */
  async suspend(id: UserId, { reason, until }: Suspension): Promise<void> {
    await this.#update(id, { banned: true, banReason: reason, banExpires: until ?? null })
    const context = await this.#options.signIn.$context
    await context.internalAdapter.deleteUserSessions(id)
  }

  /** Throws AppError `not-found`. */
  async restore(id: UserId): Promise<void> {
    await this.#update(id, { banned: false, banReason: null, banExpires: null })
  }

  /** Throws AppError `not-found`. */
  async find(email: string): Promise<PersonRecord> {
    return this.#find(email)
  }

  /** The secret is in this answer only. Throws AppError `not-found`. */
  async createStreamKey(
    email: string,
    label: string,
    expiresAt: Date | null = null,
  ): Promise<StreamKeyRecord & { readonly key: string; readonly handle: string }> {
    const person = await this.#find(email)
    const channel = await this.#options.channels.ensure(person.id, person.name)
    return {
      ...(await this.#options.streamKeys.create(channel.id, label, expiresAt)),
      handle: channel.handle,
    }
  }

  async listStreamKeys(email: string): Promise<readonly StreamKeyRecord[]> {
    return this.#options.streamKeys.listOf((await this.#find(email)).id)
  }

  /** Throws AppError `not-found`. */
  async revokeStreamKey(email: string, id: string): Promise<void> {
    await this.#options.streamKeys.revoke((await this.#find(email)).id, id)
  }

  async #update(id: UserId, ban: Record<string, unknown>): Promise<void> {
    if (!(await this.#options.directory.find(id))) throw new AppError('not-found', 'There is no such person.')
    const context = await this.#options.signIn.$context
    await context.internalAdapter.updateUser(id, ban)
  }

  async #find(email: string): Promise<PersonRecord> {
    const person = await this.#options.directory.findByEmail(email.trim())
    if (!person) throw new AppError('not-found', `There is no person with the e-mail ${email}.`)
    return person
  }
}

function checkPassword(password: string): void {
  if (password.length < MIN_PASSWORD_LENGTH || password.length > MAX_PASSWORD_LENGTH) {
    throw new AppError(
      'invalid-input',
      `A password has ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters.`,
    )
  }
}
