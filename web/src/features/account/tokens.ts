/** API tokens on the wire. */
import { queryOptions } from '@tanstack/react-query'
import { apiTokenList, newApiToken } from '../../../../src/delivery/contract/people.ts'
import { command, request } from '../../api/http.ts'
import { api } from '../../paths/paths.ts'

const DAY_MS = 86_400_000

export const LIFETIMES = [
  { value: '30', label: '30 days' },
  { value: '365', label: 'A year' },
  { value: 'forever', label: 'Until revoked' },
] as const

export const tokensQuery = queryOptions({
  queryKey: ['api-tokens'],
  queryFn: ({ signal }) => request(apiTokenList, api.tokens, { signal }),
})

/** `lifetime`: days, or "forever". */
export function makeToken(label: string, lifetime: string, nowMs: number) {
  const days = Number(lifetime)
  const expiresAt = Number.isFinite(days) ? new Date(nowMs + days * DAY_MS).toISOString() : undefined
  return request(newApiToken, api.tokens, {
    method: 'POST',
    body: { label, ...(expiresAt && { expiresAt }) },
  })
}

export const revokeToken = (tokenId: string): Promise<void> =>
  command(api.token(tokenId), { method: 'DELETE' })
