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
  const broadcasts: Pick<BroadcastService, 'adopt' | 'recallUnheard'> = {
    recallUnheard: () => Promise.resolve(),
    adopt: ({ broadcastId }, graceUntil) => void adopted.push([broadcastId, graceUntil]),
  }
  await recoverBroadcasts({
    ledger: ledger as BroadcastLedger,
    broadcasts: broadcasts as BroadcastService,
    salvage: async (id) => {
      if (id === ('broken' as BroadcastId)) throw Object.assign(new Error('EIO'), { code: 'EIO' })
      return { lastWrittenAt, bytes: 1000 }
    },
    isReplayComplete: async () => false,
    graceMs: GRACE_MS,
    log: makeLogger('silent'),
  })
  expect(closed).toEqual(['session-broken crashed', 'session-whole crashed'])
  expect(adopted).toEqual([
    ['broken', new Date(startedAt.getTime() + GRACE_MS)],
    ['whole', new Date(lastWrittenAt.getTime() + GRACE_MS)],
  ])
})

it('ends at once what was ending when the program died: after a goodbye, or after the end of its timeline', async () => {
  const goodbye = found('goodbye')
  const packaged = found('packaged')
  const lost = found('lost')
  const withEnding = (one: BroadcastRecord, ending: 'unpublished' | 'dropped'): BroadcastRecord => ({
    ...one,
    sessions: one.sessions.map((session) => ({ ...session, endedAt: lastWrittenAt, ending })),
  })
  const closed: string[] = []
  const adopted = new Map<string, Date>()
  const ledger: Pick<BroadcastLedger, 'listUnended' | 'closeSession' | 'interrupt'> = {
    listUnended: async () => [withEnding(goodbye, 'unpublished'), packaged, withEnding(lost, 'dropped')],
    closeSession: async (sessionId, ending) => void closed.push(`${sessionId} ${ending}`),
    interrupt: async () => undefined,
  }
  const before = Date.now()
  await recoverBroadcasts({
    ledger: ledger as BroadcastLedger,
    broadcasts: {
      recallUnheard: () => Promise.resolve(),
      adopt: ({ broadcastId }: BroadcastRecord, until: Date) => void adopted.set(broadcastId, until),
    } as unknown as BroadcastService,
    salvage: async () => ({ lastWrittenAt, bytes: 1000 }),
    isReplayComplete: async (videoId) => videoId === packaged.videoId,
    graceMs: GRACE_MS,
    log: makeLogger('silent'),
  })
  // The end of a timeline is written only when nobody is waited for any more.
  expect(closed).toEqual(['session-packaged unpublished'])
  for (const id of ['goodbye', 'packaged']) {
    expect(adopted.get(id)?.getTime()).toBeGreaterThanOrEqual(before)
    expect(adopted.get(id)?.getTime()).toBeLessThanOrEqual(Date.now())
  }
  expect(adopted.get('lost')).toEqual(new Date(lastWrittenAt.getTime() + GRACE_MS))
})
