/** Stream keys on the wire. */
import { queryOptions } from '@tanstack/react-query'
import {
  type NewStreamKey,
  newStreamKey,
  streamKeyList,
} from '../../../../../src/delivery/contract/broadcasts.ts'
import { command, request } from '../../../api/http.ts'
import { api } from '../../../paths/paths.ts'

export const streamKeysQuery = queryOptions({
  queryKey: ['stream-keys'],
  queryFn: ({ signal }) => request(streamKeyList, api.streamKeys, { signal }),
})

export const makeStreamKey = (label: string): Promise<NewStreamKey> =>
  request(newStreamKey, api.streamKeys, { method: 'POST', body: { label } })

export const revokeStreamKey = (keyId: string): Promise<void> =>
  command(api.streamKey(keyId), { method: 'DELETE' })
