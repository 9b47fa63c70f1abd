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

/** Somebody as administrators see them. */
export const user = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    role,
    /** Null: not suspended. `until` null: until somebody restores them. */
    suspension: z.object({ reason: z.string(), until: z.iso.datetime().nullable() }).nullable(),
    channels: z.array(
      channelSummary.extend({
        storedBytes: z.int(),
        quotaBytes: z.int().nullable().meta({ description: 'Null: the default. 0: no limit.' }),
      }),
    ),
  })
  .meta({ id: 'User' })

export const userList = z.object({ items: z.array(user) }).meta({ id: 'UserList' })

export const suspensionInput = z
  .strictObject({ reason: z.string().trim().max(300).default(''), until: z.iso.datetime().optional() })
  .meta({ id: 'SuspensionInput' })

export const quotaInput = z.strictObject({ quotaBytes: z.int().min(0).nullable() }).meta({ id: 'QuotaInput' })

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
export type UserList = z.infer<typeof userList>
export type User = z.infer<typeof user>
export type ApiToken = z.infer<typeof apiToken>
