import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { BroadcastId, ChannelId } from '../../../../src/kernel/ids.ts'
import { EndedEncoders } from '../../../../src/library/broadcasts/ended-encoders.ts'

const CHANNEL = 'channel' as ChannelId
const BROADCAST = 'broadcast' as BroadcastId
const OBS = { streamKeyId: 'key', encoder: 'OBS 29' }
const GRACE_MS = 60_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** The creator has ended the broadcast; `line.silentMs` is how long its encoder has been silent. */
function endedWhileSending() {
  const ended = new EndedEncoders(GRACE_MS)
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
  const ended = new EndedEncoders(GRACE_MS)
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
