/** People as the catalogue knows them. Signing in, passwords and roles are delivery/auth's, by better-auth. */
import type { UserId } from '../kernel/ids.ts'
import type { PersonRole } from './permissions.ts'

export interface PersonRecord {
  readonly id: UserId
  readonly name: string
  readonly email: string
  readonly role: PersonRole
}

export interface PeopleDirectory {
  find(userId: UserId): Promise<PersonRecord | undefined>
  findByEmail(email: string): Promise<PersonRecord | undefined>
  /** By e-mail. */
  list(): Promise<readonly PersonRecord[]>
}
