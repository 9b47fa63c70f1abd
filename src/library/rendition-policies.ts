/** What is made of a channel's videos beforehand and kept: its owner or an administrator may say so. */
import { AppError } from '../kernel/errors.ts'
import type { ChannelId, UserId } from '../kernel/ids.ts'
import {
  type ChannelRenditionPolicy,
  effectivePolicy,
  type RenditionPolicy,
} from '../pipeline/rendition-policy.ts'
import { demand } from './demand-permission.ts'
import type { Asker } from './permissions.ts'

/** Implemented by database/rendition-policies.ts. */
export interface RenditionPolicyStore {
  readonly site: RenditionPolicy
  find(channelId: ChannelId): Promise<(ChannelRenditionPolicy & { readonly ownerId: UserId }) | undefined>
  /** Takes effect for what is there. */
  set(channelId: ChannelId, policy: ChannelRenditionPolicy): Promise<void>
}

export interface RenditionPolicyRecord {
  readonly own: ChannelRenditionPolicy
  readonly effective: RenditionPolicy
}

export class RenditionPolicies {
  readonly #store: RenditionPolicyStore

  constructor(store: RenditionPolicyStore) {
    this.#store = store
  }

  /** Throws AppError `not-found`, `forbidden`. */
  async get(asker: Asker, channelId: ChannelId): Promise<RenditionPolicyRecord> {
    const { policy, keepDays } = await this.#need(asker, channelId)
    const own = { policy, keepDays }
    return { own, effective: effectivePolicy(this.#store.site, own) }
  }

  /** What is not named stays as it is; undefined by name: as the site does. Throws AppError `not-found`, `forbidden`. */
  async change(
    asker: Asker,
    channelId: ChannelId,
    change: Partial<ChannelRenditionPolicy>,
  ): Promise<RenditionPolicyRecord> {
    const { policy, keepDays } = await this.#need(asker, channelId)
    await this.#store.set(channelId, { policy, keepDays, ...change })
    return this.get(asker, channelId)
  }

  async #need(asker: Asker, channelId: ChannelId) {
    const found = await this.#store.find(channelId)
    if (!found) {
      demand(asker, 'administer', null)
      throw new AppError('not-found', 'There is no such channel.')
    }
    demand(asker, 'manage', found)
    return found
  }
}
