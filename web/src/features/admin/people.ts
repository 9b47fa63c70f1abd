/** People on the wire, and how much their channels store in words. */
import { queryOptions } from '@tanstack/react-query'
import { type User, userList } from '../../../../src/delivery/contract/people.ts'
import { command, request } from '../../api/http.ts'
import { api } from '../../paths/paths.ts'
import { formatBytes } from '../../ui/format-amount.ts'

export const peopleQuery = queryOptions({
  queryKey: ['users'],
  queryFn: ({ signal }) => request(userList, api.users, { signal }),
})

export const suspend = (userId: string, reason: string): Promise<void> =>
  command(api.suspendUser(userId), { body: { reason } })
export const restore = (userId: string): Promise<void> => command(api.restoreUser(userId), { body: {} })
/** Null: the default. */
export const setQuota = (channelId: string, quotaBytes: number | null): Promise<void> =>
  command(api.channel(channelId), { method: 'PATCH', body: { quotaBytes } })

/** "42 GB of 100 GB", "42 GB, no limit", "42 GB" under the default. */
export function storageWords({ storedBytes, quotaBytes }: User['channels'][number]): string {
  const stored = `${formatBytes(storedBytes)} stored`
  if (quotaBytes === null) return stored
  return quotaBytes === 0 ? `${stored}, no limit` : `${stored} of ${formatBytes(quotaBytes)}`
}
