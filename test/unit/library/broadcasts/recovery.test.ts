import { expect, it } from 'vitest'
import type { BroadcastId, ChannelId, SessionId, VideoId } from '../../../../src/kernel/ids.ts'
import { makeLogger } from '../../../../src/kernel/logger.ts'
import type { BroadcastLedger, BroadcastRecord } from '../../../../src/library/broadcasts/broadcast-ledger.ts'
import type { BroadcastService } from '../../../../src/library/broadcasts/broadcast-service.ts'
import { recoverBroadcasts } from '../../../../src/library/broadcasts/recovery.ts'

const GRACE_MS = 60_000
const startedAt = new Date('2026-01-01T12:00:00Z')
const lastWrittenAt = new Date('2026-01-01T12:30:00Z')

const found = (id: string): BroadcastRecord => ({
  broadcastId: id as BroadcastId,
  videoId: `video-${id}` as VideoId,
  channelId: `channel-${id}` as ChannelId,
  handle: id,
  state: 'live',
  startedAt,
  graceUntil: undefined,
  sessions: [{ sessionId: `session-${id}` as SessionId, ordinal: 0, startedAt, endedAt: undefined }],
  parts: [],
})

it('takes up every broadcast found open, also when the recording of one cannot be salvaged', async () => {
  const closed: string[] = []
  const adopted: [string, Date][] = []
  const ledger: Pick<BroadcastLedger, 'listUnended' | 'closeSession' | 'interrupt'> = {
    listUnended: async () => [found('broken'), found('whole')],
    closeSession: async (sessionId, ending) => void closed.push(`${sessionId} ${ending}`),
    interrupt: async () => undefined,
  }
  const broadcasts: Pick<BroadcastService, 'adopt'> = {
    adopt: ({ broadcastId }, graceUntil) => void adopted.push([broadcastId, graceUntil]),
  }
  await recoverBroadcasts({
    ledger: ledger as BroadcastLedger,
    broadcasts: broadcasts as BroadcastService,
    salvage: async (id) => {
      if (id === ('broken' as BroadcastId)) throw Object.assign(new Error('EIO'), { code: 'EIO' })
      return { lastWrittenAt, bytes: 1000 }
    },
    graceMs: GRACE_MS,
    log: makeLogger('silent'),
  })
  expect(closed).toEqual(['session-broken crashed', 'session-whole crashed'])
  expect(adopted).toEqual([
    ['broken', new Date(startedAt.getTime() + GRACE_MS)],
    ['whole', new Date(lastWrittenAt.getTime() + GRACE_MS)],
  ])
})
