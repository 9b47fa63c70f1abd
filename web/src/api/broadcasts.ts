/** Broadcasts: those on air, one, and ending one. */
import { queryOptions } from '@tanstack/react-query'
import {
  type Broadcast,
  broadcast,
  broadcastList,
  healthHistory,
} from '../../../src/delivery/contract/broadcasts.ts'
import { api, withQuery } from '../paths/paths.ts'
import { command, request } from './http.ts'

export const broadcastKeys = {
  all: ['broadcasts'] as const,
  lists: ['broadcasts', 'list'] as const,
  detail: (broadcastId: string) => ['broadcasts', 'detail', broadcastId] as const,
  health: (broadcastId: string) => ['broadcasts', 'health', broadcastId] as const,
}

export const broadcastsQuery = (state: Broadcast['state'], limit = 24) =>
  queryOptions({
    queryKey: [...broadcastKeys.lists, state, limit] as const,
    queryFn: ({ signal }) => request(broadcastList, withQuery(api.broadcasts, { state, limit }), { signal }),
  })

export const broadcastQuery = (broadcastId: string) =>
  queryOptions({
    queryKey: broadcastKeys.detail(broadcastId),
    queryFn: ({ signal }) => request(broadcast, api.broadcast(broadcastId), { signal }),
  })

/** The last minutes; asked for once, then events tell. */
export const healthHistoryQuery = (broadcastId: string) =>
  queryOptions({
    queryKey: broadcastKeys.health(broadcastId),
    queryFn: ({ signal }) => request(healthHistory, api.broadcastHealth(broadcastId), { signal }),
    staleTime: Infinity,
  })

export const endBroadcast = (broadcastId: string): Promise<void> => command(api.endBroadcast(broadcastId))
