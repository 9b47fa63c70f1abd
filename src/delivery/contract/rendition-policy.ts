/** Wire shapes of what is made of a channel's videos beforehand, and kept. */
import { z } from 'zod'

const policy = z.enum(['eager', 'lazy']).meta({
  description:
    'eager: every quality is made. lazy: the lowest and the sound, and of the others what somebody watches.',
})
const keepDays = z.int().min(0).max(36_500).meta({
  description:
    'Qualities that nobody has watched for so many days are removed and made again on demand; 0: never.',
})

export const renditionPolicy = z
  .object({
    policy: policy.nullable().meta({ description: 'Null: as the server does.' }),
    keepDays: keepDays.nullable().meta({ description: 'Null: as the server does.' }),
    effective: z.object({ policy, keepDays }),
  })
  .meta({ id: 'RenditionPolicy' })

/** What is absent stays as it is. */
export const renditionPolicyPatch = z
  .strictObject({ policy: policy.nullable(), keepDays: keepDays.nullable() })
  .partial()
  .meta({ id: 'RenditionPolicyPatch' })
