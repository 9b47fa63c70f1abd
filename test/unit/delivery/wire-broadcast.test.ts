import { expect, it } from 'vitest'
import { broadcast as contract } from '../../../src/delivery/contract/broadcasts.ts'
import { makeShowBroadcast } from '../../../src/delivery/wire-broadcast.ts'
import type { ArchivedBroadcast } from '../../../src/library/broadcast-archive.ts'
import { judgeRecording, type SessionOutcome, type Verdict } from '../../../src/recording/verdict.ts'

const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000)
const session = (id: string, from: number, to: number, ending: SessionOutcome) => ({
  id,
  sessionId: id,
  encoder: 'OBS',
  startedAt: at(from),
  endedAt: at(to),
  ending,
  bytes: 1000,
})
const sessions = [
  session('a', 0, 40, 'disk'),
  session('b', 60, 100, 'dropped'),
  session('c', 105, 120, 'unpublished'),
]
const parts = [
  { part: 0, sessionId: 'a', state: 'failed', durationSeconds: 40 },
  { part: 1, sessionId: 'b', state: 'closed', durationSeconds: 40 },
  { part: 2, sessionId: 'c', state: 'closed', durationSeconds: 15 },
] as const

function ended(verdict: Verdict): ArchivedBroadcast {
  const channel = { id: 'c', handle: 'ada', name: 'Ada', ownerId: 'u' }
  return {
    id: 'b',
    state: 'ended',
    video: {
      id: 'v',
      title: 'Concert',
      channel,
      durationSeconds: 95.02,
      visibility: 'public',
      playable: true,
    },
    startedAt: at(0),
    endedAt: at(120),
    graceUntil: null,
    sessions,
    verdict,
    recordedBytes: 3000,
    recordedSeconds: 95,
  } as unknown as ArchivedBroadcast
}
const show = (verdict: Verdict) =>
  contract.parse(makeShowBroadcast(() => undefined)(ended(verdict), { kind: 'anonymous' } as never))

it('shows what was received, recorded and packaged, the gaps with their times and causes, and every disconnect', () => {
  expect(show(judgeRecording(sessions, parts)).verdict).toEqual({
    complete: false,
    receivedSeconds: 95,
    recordedSeconds: 95,
    packagedSeconds: 95.02,
    gaps: [
      { startSeconds: 40, seconds: 20, at: at(40).toISOString(), reason: 'disk' },
      { startSeconds: 80, seconds: 5, at: at(100).toISOString(), reason: 'interrupted' },
    ],
    disconnects: [
      { at: at(40).toISOString(), ending: 'disk', awaySeconds: 20 },
      { at: at(100).toISOString(), ending: 'dropped', awaySeconds: 5 },
    ],
    summary:
      "1:35 recorded; missing: 0:20 after 0:40 (the server's disk was full). The encoder was away once, 0:05 in all.",
  })
})

it('shows a verdict of an earlier version, which did not say when its gaps began', () => {
  const { gaps, ...rest } = judgeRecording(sessions, parts)
  const before = gaps.map(({ startSeconds, seconds, reason }) => ({ startSeconds, seconds, reason }))
  expect(show({ ...rest, gaps: before }).verdict?.gaps.map((gap) => gap.at)).toEqual([null, null])
})
