/**
 * What is made of a video beforehand, and what is kept of it. The site has a policy by its settings, and a
 * channel may have its own (docs/decisions/0018).
 *
 *     eager   every rung is made
 *     lazy    the lowest rung and the main sound are made; of the others what somebody watches
 *
 * A rung that nobody has watched for `keepDays` is removed, chunk by chunk made again when somebody does. The
 * original, the sound, the lowest rung, the recording and uploaded files never are.
 */
export interface RenditionPolicy {
  readonly lazy: boolean
  /** 0: for ever. */
  readonly keepDays: number
}

export const EAGER: RenditionPolicy = { lazy: false, keepDays: 0 }

/** What a channel says; undefined: as the site does. */
export interface ChannelRenditionPolicy {
  readonly policy: 'eager' | 'lazy' | undefined
  readonly keepDays: number | undefined
}

/** The channel's word counts before the site's. */
export function effectivePolicy(site: RenditionPolicy, channel: ChannelRenditionPolicy): RenditionPolicy {
  return {
    lazy: channel.policy === undefined ? site.lazy : channel.policy === 'lazy',
    keepDays: channel.keepDays ?? site.keepDays,
  }
}
