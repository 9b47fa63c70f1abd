/** Wire shapes of the signed-in person and API tokens, shared with the web. */
import { z } from 'zod'
import { channelSummary } from './videos.ts'

export const role = z.enum(['viewer', 'creator', 'admin']).meta({ id: 'Role' })

/** GET /api/v1/me */
export const me = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    role,
    channels: z.array(channelSummary),
  })
  .meta({ id: 'Me' })

export const apiTokenInput = z
  .strictObject({ label: z.string().trim().min(1).max(80), expiresAt: z.iso.datetime().optional() })
  .meta({ id: 'ApiTokenInput' })

export const apiToken = z
  .object({
    id: z.string(),
    label: z.string(),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable(),
    expiresAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ApiToken' })

export const newApiToken = apiToken.extend({ token: z.string() }).meta({ id: 'NewApiToken' })
export const apiTokenList = z.object({ items: z.array(apiToken) }).meta({ id: 'ApiTokenList' })

export type Me = z.infer<typeof me>
export type ApiToken = z.infer<typeof apiToken>
