/** /api-tokens: for programs that act for a person. */
import type { ApiTokenRecord, ApiTokens } from '../../library/api-tokens.ts'
import { type ApiToken, apiTokenInput, apiTokenList, newApiToken } from '../contract/people.ts'
import { idParams, jsonRoute, type Route } from '../route.ts'

export function apiTokenRoutes(tokens: ApiTokens): readonly Route[] {
  return [
    jsonRoute({
      method: 'get',
      path: '/api-tokens',
      tag: 'API tokens',
      summary: 'Your API tokens',
      access: 'signed-in',
      reply: apiTokenList,
      async handle({ asker }) {
        return { items: (await tokens.list(asker.userId)).map(show) }
      },
    }),
    jsonRoute({
      method: 'post',
      path: '/api-tokens',
      tag: 'API tokens',
      summary: 'Make an API token',
      description: 'The token is in this answer only.',
      access: 'signed-in',
      body: apiTokenInput,
      reply: newApiToken,
      status: 201,
      async handle({ asker, body }) {
        const expiresAt = body.expiresAt === undefined ? undefined : new Date(body.expiresAt)
        const made = await tokens.create(asker.userId, { label: body.label, expiresAt })
        return { ...show(made), token: made.token }
      },
    }),
    jsonRoute({
      method: 'delete',
      path: '/api-tokens/{id}',
      tag: 'API tokens',
      summary: 'Revoke an API token',
      access: 'signed-in',
      params: idParams,
      problems: [404],
      handle: ({ asker, params }) => tokens.revoke(asker.userId, params.id),
    }),
  ]
}

function show(token: ApiTokenRecord): ApiToken {
  return {
    id: token.id,
    label: token.label,
    createdAt: token.createdAt.toISOString(),
    lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
    expiresAt: token.expiresAt?.toISOString() ?? null,
  }
}
