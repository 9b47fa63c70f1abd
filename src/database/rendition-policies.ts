/** Which policy a video's channel has, and what follows for the chunks that are there. */
import type { ChannelId, UserId, VideoId } from '../kernel/ids.ts'
import type { RenditionPolicyStore } from '../library/rendition-policies.ts'
import type { ChannelRenditionPolicy, RenditionPolicy } from '../pipeline/rendition-policy.ts'
import { effectivePolicy } from '../pipeline/rendition-policy.ts'
import type { Database } from './client.ts'
import type { Prisma } from './generated/client.ts'

export async function policyOf(
  tx: Prisma.TransactionClient,
  videoId: VideoId,
  site: RenditionPolicy,
): Promise<RenditionPolicy> {
  const channel = await tx.channel.findFirst({
    where: { videos: { some: { id: videoId } } },
    select: { renditionPolicy: true, renditionKeepDays: true },
  })
  return effectivePolicy(site, readChannelPolicy(channel))
}

export function readChannelPolicy(
  channel: { renditionPolicy: 'eager' | 'lazy' | null; renditionKeepDays: number | null } | null,
): ChannelRenditionPolicy {
  return {
    policy: channel?.renditionPolicy ?? undefined,
    keepDays: channel?.renditionKeepDays ?? undefined,
  }
}

/**
 * Brings the chunks there are in line with the policies, of one channel or of all: what a lazy one keeps back is
 * deferred, what an eager one makes waits for an encoder. What is made stays made, what was removed for want of
 * viewers stays removed until somebody watches, and what is watched at this moment is let be. Returns how many
 * chunks changed; jobs for those that wait are the sweep's (ChunkStore.requeueOrphans).
 */
export async function applyPolicies(
  database: Database,
  site: RenditionPolicy,
  channelId: ChannelId | null = null,
): Promise<number> {
  const kept = await database.$executeRaw`
    UPDATE chunks c SET state = 'deferred', attempts = 0, retry_at = NULL, failure = NULL, log = NULL, updated_at = now()
      FROM videos v, channels h
     WHERE v.id = c.video_id AND h.id = v.channel_id AND c.state = 'waiting' AND NOT c.lead
       AND coalesce(h.rendition_policy::text, ${site.lazy ? 'lazy' : 'eager'}) = 'lazy'
       AND (${channelId}::text IS NULL OR h.id = ${channelId})`
  const wanted = await database.$executeRaw`
    UPDATE chunks c SET state = 'waiting', updated_at = now()
      FROM videos v, channels h, renditions r
     WHERE v.id = c.video_id AND h.id = v.channel_id AND r.id = c.rendition_id AND c.state = 'deferred'
       AND r.evicted_at IS NULL AND v.deleted_at IS NULL AND v.superseded_at IS NULL AND v.shown_edition IS NULL
       AND coalesce(h.rendition_policy::text, ${site.lazy ? 'lazy' : 'eager'}) = 'eager'
       AND (${channelId}::text IS NULL OR h.id = ${channelId})`
  return kept + wanted
}

/** Channels' own policies. `requeue`: gives what now waits for an encoder its turns. */
export function makeRenditionPolicyStore(
  database: Database,
  site: RenditionPolicy,
  requeue: () => Promise<unknown>,
): RenditionPolicyStore {
  return {
    site,
    async find(channelId) {
      const row = await database.channel.findUnique({
        where: { id: channelId },
        select: { ownerId: true, renditionPolicy: true, renditionKeepDays: true },
      })
      return row ? { ownerId: row.ownerId as UserId, ...readChannelPolicy(row) } : undefined
    },
    async set(channelId, { policy, keepDays }) {
      await database.channel.updateMany({
        where: { id: channelId },
        data: { renditionPolicy: policy ?? null, renditionKeepDays: keepDays ?? null },
      })
      if ((await applyPolicies(database, site, channelId)) > 0) await requeue()
    },
  }
}
