/** People as the catalogue knows them. Signing in, passwords and roles are delivery/auth's, by better-auth. */
import type { UserId } from '../kernel/ids.ts'
import type { ChannelStorage } from './broadcasts/channel-quota.ts'
import type { ChannelRecord } from './channels.ts'
import type { PersonRole } from './permissions.ts'

export interface PersonRecord {
  readonly id: UserId
  readonly name: string
  readonly email: string
  readonly role: PersonRole
  /** Undefined: not suspended, or not any more. */
  readonly suspension: Suspension | undefined
}

/** They can neither sign in nor broadcast, and what they had on air ended. */
export interface Suspension {
  /** For the person and other administrators; perhaps empty. */
  readonly reason: string
  readonly until: Date | undefined
}

/** For administrators. */
export interface PersonOverview extends PersonRecord {
  readonly channels: readonly (Pick<ChannelRecord, 'id' | 'handle' | 'name'> & ChannelStorage)[]
}

export interface PeopleDirectory {
  find(userId: UserId): Promise<PersonRecord | undefined>
  findByEmail(email: string): Promise<PersonRecord | undefined>
  /** By e-mail. */
  list(): Promise<readonly PersonRecord[]>
  /** By e-mail, with what each channel stores. */
  overview(): Promise<readonly PersonOverview[]>
}
