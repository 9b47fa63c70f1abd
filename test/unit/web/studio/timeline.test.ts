import { expect, it } from 'vitest'
import type { Broadcast } from '../../../../src/delivery/contract/broadcasts.ts'
import { broadcastBar, broadcastTimeline } from '../../../../web/src/features/studio/broadcasts/timeline.ts'
import { makeBroadcast } from '../../../support/web/stand-in-catalogue.ts'

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, seconds)).toISOString()

function broadcast(
  part: Partial<Broadcast>,
  ...sessions: readonly (readonly [number, number | null, string?])[]
): Broadcast {
  return {
    ...makeBroadcast('b', 'v', 'Evening'),
    startedAt: at(0),
    sessions: sessions.map(([from, to, endingWords], i) => ({
      id: String(i),
      encoder: 'FMLE/3.0 (compatible; Lavf59.27.100)',
      startedAt: at(from),
      endedAt: to === null ? null : at(to),
      ending: to === null ? null : 'dropped',
      endingWords: to === null ? null : (endingWords ?? 'Connection lost.'),
      bytes: 1_500_000,
    })),
    ...part,
  }
}

it('tells connections, absences and the end in order, each with its cause', () => {
  const ended = broadcast(
    { state: 'ended', endedAt: at(101), endingWords: 'The encoder was stopped.' },
    [0, 40, 'The network failed.'],
    [52, 100, 'The encoder was stopped.'],
  )
  expect(broadcastTimeline(ended)).toEqual([
    { at: at(0), kind: 'connected', title: 'On air', text: 'ffmpeg' },
    {
      at: at(40),
      kind: 'left',
      title: 'Connection ended',
      text: 'The network failed. Connected for 40 seconds, 1.5 MB.',
    },
    {
      at: at(40),
      kind: 'away',
      title: 'Away for 12 seconds',
      text: expect.stringContaining('Nothing was sent'),
    },
    { at: at(52), kind: 'connected', title: 'Encoder connected again', text: 'ffmpeg' },
    {
      at: at(100),
      kind: 'left',
      title: 'Encoder left',
      text: 'The encoder was stopped. Connected for 48 seconds, 1.5 MB.',
    },
    { at: at(101), kind: 'ended', title: 'Broadcast ended', text: 'The encoder was stopped.' },
  ])
})

it('tells no absence when a connection was taken over, and until when an encoder is waited for', () => {
  const waiting = broadcast({ state: 'interrupted', graceUntil: at(140) }, [0, 40], [40, 80])
  expect(broadcastTimeline(waiting).map(({ kind }) => kind)).toEqual([
    'connected',
    'left',
    'connected',
    'left',
    'waiting',
  ])
})

it('shows as a bar how long an encoder was connected and away, to the present moment', () => {
  const live = broadcast({}, [0, 40], [50, null])
  const pieces = broadcastBar(live, Date.parse(at(100)))
  expect(pieces.map(({ kind, share }) => [kind, share])).toEqual([
    ['recorded', 0.4],
    ['away', 0.1],
    ['recorded', 0.5],
  ])
  expect(pieces[1]?.words).toBe('Away for 10 seconds')
})
