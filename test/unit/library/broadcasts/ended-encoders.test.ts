import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { BroadcastId, ChannelId } from '../../../../src/kernel/ids.ts'
import { makeLogger } from '../../../../src/kernel/logger.ts'
import { EndedEncoders, type UnheardEncoder } from '../../../../src/library/broadcasts/ended-encoders.ts'

const CHANNEL = 'channel' as ChannelId
const BROADCAST = 'broadcast' as BroadcastId
const OBS = { streamKeyId: 'key', encoder: 'OBS 29' }
const GRACE_MS = 60_000

beforeEach(() => {
  vi.useFakeTimers()
  unheard = new Map()
})
afterEach(() => void vi.useRealTimers())

/** What is written down; another run reads it. */
let unheard: Map<ChannelId, UnheardEncoder>
const begin = () =>
  new EndedEncoders({
    graceMs: GRACE_MS,
    ledger: {
      listUnheard: async () => unheard,
      setUnheard: async (channelId, encoder) => {
        if (encoder) unheard.set(channelId, encoder)
        else unheard.delete(channelId)
      },
    },
    log: makeLogger('silent'),
  })

/** The creator has ended the broadcast; `line.silentMs` is how long its encoder has been silent. */
function endedWhileSending() {
  const ended = begin()
  const line = { silentMs: 20 }
  const left = ended.connected(CHANNEL, BROADCAST, OBS)({ silentMs: () => line.silentMs })
  return { ended, line, left }
}

it('does not hear an encoder that a network failure cut off, when it comes back by itself', () => {
  const { ended, left } = endedWhileSending()
  expect(ended.isSending(BROADCAST)).toBe(true)
  left('silent')
  expect(ended.isSending(BROADCAST)).toBe(false)
  vi.advanceTimersByTime(GRACE_MS - 1)
  const watch = ended.back(CHANNEL, OBS)
  expect(watch).toBeDefined()
  const leftAgain = watch?.({ silentMs: () => 0 })
  expect(ended.isSending(BROADCAST)).toBe(true)
  leftAgain?.('silent')
  vi.advanceTimersByTime(GRACE_MS - 1)
  expect(ended.back(CHANNEL, OBS), 'again').toBeDefined()
})

it('does not hear it either while its dead connection is not known to be dead', () => {
  const { ended, line, left } = endedWhileSending()
  line.silentMs = 4000
  ended.back(CHANNEL, OBS)?.({ silentMs: () => 0 })
  left('silent')
  expect(ended.isSending(BROADCAST), 'the news of the first is no news of the second').toBe(true)
})

it.each(['goodbye', 'dropped'] as const)('hears an encoder that is started again after %s', (leaving) => {
  const { ended, left } = endedWhileSending()
  left(leaving)
  expect(ended.back(CHANNEL, OBS)).toBeUndefined()
})

it('hears another encoder, another key, and the same after its grace', () => {
  const { ended, left } = endedWhileSending()
  expect(ended.back(CHANNEL, OBS), 'the first one still sends: this is a second one').toBeUndefined()
  left('silent')
  expect(ended.back(CHANNEL, { ...OBS, encoder: 'ffmpeg' })).toBeUndefined()
  expect(ended.back(CHANNEL, { ...OBS, streamKeyId: 'other' })).toBeUndefined()
  expect(ended.back('elsewhere' as ChannelId, OBS)).toBeUndefined()
  vi.advanceTimersByTime(GRACE_MS)
  expect(ended.back(CHANNEL, OBS)).toBeUndefined()
})

it('does not hear an encoder that was away when its broadcast was ended, until its grace is over', () => {
  const ended = begin()
  ended.awaited(CHANNEL, BROADCAST, OBS, new Date(Date.now() + 10_000))
  expect(ended.back(CHANNEL, OBS)).toBeDefined()
  vi.advanceTimersByTime(10_000)
  expect(ended.back(CHANNEL, OBS)).toBeUndefined()
})

it('forgets what was when a broadcast begins on the channel', () => {
  const { ended, left } = endedWhileSending()
  left('silent')
  ended.forget(CHANNEL)
  expect(ended.back(CHANNEL, OBS)).toBeUndefined()
})

it('does not hear it after a restart of the server either, which closes its connection', async () => {
  const { ended, left } = endedWhileSending()
  await ended.stop()
  left('dropped')
  vi.advanceTimersByTime(GRACE_MS)
  const next = begin()
  await next.recall()
  expect(next.isSending(BROADCAST)).toBe(false)
  const leftAgain = next.back(CHANNEL, OBS)?.({ silentMs: () => 0 })
  expect(next.isSending(BROADCAST)).toBe(true)
  leftAgain?.('goodbye')
  await next.stop()
  const last = begin()
  await last.recall()
  expect(last.back(CHANNEL, OBS), 'it said goodbye').toBeUndefined()
})

it('waits no longer for one that is away because the server was restarted', async () => {
  const { ended, left } = endedWhileSending()
  left('silent')
  await ended.stop()
  vi.advanceTimersByTime(GRACE_MS - 1)
  const next = begin()
  await next.recall()
  expect(next.back(CHANNEL, OBS)).toBeDefined()
  vi.advanceTimersByTime(1)
  expect(next.back(CHANNEL, OBS)).toBeUndefined()
})
