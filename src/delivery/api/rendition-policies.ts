/** /channels/{id}/renditions: what is made of a channel's videos beforehand, and kept. */
import type { z } from 'zod'
import type { ChannelId } from '../../kernel/ids.ts'
import type { RenditionPolicies, RenditionPolicyRecord } from '../../library/rendition-policies.ts'
import { renditionPolicy, renditionPolicyPatch } from '../contract/rendition-policy.ts'
import { idParams, jsonRoute, type Route } from '../route.ts'

export function renditionPolicyRoutes(policies: RenditionPolicies): readonly Route[] {
  const common = {
    path: '/channels/{id}/renditions',
    tag: 'Channels',
    access: 'signed-in',
    params: idParams,
    reply: renditionPolicy,
    problems: [403, 404],
  } as const
  return [
    jsonRoute({
      ...common,
      method: 'get',
      summary: 'What is made of a channel’s videos beforehand, and kept',
      description: 'For its owner and administrators.',
      handle: async ({ asker, params }) => show(await policies.get(asker, params.id as ChannelId)),
    }),
    jsonRoute({
      ...common,
      method: 'patch',
      summary: 'Change what is made of a channel’s videos beforehand, and kept',
      description:
        'For its owner and administrators. Takes effect for the videos there are: what is not made yet is made, or left until somebody watches it. What is made stays.',
      body: renditionPolicyPatch,
      async handle({ asker, params, body }) {
        const changed = await policies.change(asker, params.id as ChannelId, {
          ...(body.policy === undefined ? {} : { policy: body.policy ?? undefined }),
          ...(body.keepDays === undefined ? {} : { keepDays: body.keepDays ?? undefined }),
        })
        return show(changed)
      },
    }),
  ]
}

function show({ own, effective }: RenditionPolicyRecord): z.input<typeof renditionPolicy> {
  return {
    policy: own.policy ?? null,
    keepDays: own.keepDays ?? null,
    effective: { policy: effective.lazy ? 'lazy' : 'eager', keepDays: effective.keepDays },
  }
}
