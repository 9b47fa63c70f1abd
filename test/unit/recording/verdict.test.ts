import { describe, expect, it } from 'vitest'
import { judgeRecording } from '../../../src/recording/verdict.ts'

const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000)
const session = (sessionId: string, from: number, to: number | undefined) => ({
  sessionId,
  startedAt: at(from),
  endedAt: to === undefined ? undefined : at(to),
})
const part = (
  number: number,
  sessionId: string,
  durationSeconds: number,
  state: 'closed' | 'salvaged' | 'failed' = 'closed',
) => ({
  part: number,
  sessionId,
  state,
  durationSeconds,
})

describe('the verdict', () => {
  it('on one whole session is complete', () => {
    expect(judgeRecording([session('a', 0, 3726)], [part(0, 'a', 3725.4)])).toEqual({
      receivedSeconds: 3726,
      recordedSeconds: 3725.4,
      gaps: [],
      complete: true,
      summary: 'Everything received was recorded: 1:02:05.',
    })
  })

  it('names an interruption by the encoder, and is complete all the same', () => {
    const verdict = judgeRecording(
      [session('a', 0, 60), session('b', 75, 100)],
      [part(0, 'a', 60), part(1, 'b', 25)],
    )
    expect(verdict.gaps).toEqual([{ startSeconds: 60, seconds: 15, reason: 'interrupted' }])
    expect(verdict.complete).toBe(true)
    expect(verdict.summary).toBe(
      'Everything received was recorded: 1:25. The encoder was away once, 0:15 in all.',
    )
  })

  it('says what a full disk cost', () => {
    const verdict = judgeRecording([session('a', 0, 100)], [part(0, 'a', 40, 'failed')])
    expect(verdict.gaps).toEqual([{ startSeconds: 40, seconds: 60, reason: 'disk' }])
    expect(verdict.complete).toBe(false)
    expect(verdict.summary).toBe('0:40 recorded; missing: 1:00 after 0:40 (the disk refused to write).')
  })

  it('does not say that nothing is missing when the disk ended the session at once', () => {
    const { summary } = judgeRecording([session('a', 0, 40.2)], [part(0, 'a', 40, 'failed')])
    expect(summary).toBe('0:40 recorded; missing: what followed 0:40 (the disk refused to write).')
  })

  it('knows a crash from an encoder that sent too little', () => {
    expect(judgeRecording([session('a', 0, 100)], [part(0, 'a', 40, 'salvaged')]).gaps[0]?.reason).toBe(
      'crashed',
    )
    expect(judgeRecording([session('a', 0, 100)], [part(0, 'a', 40)]).gaps[0]?.reason).toBe('not-recorded')
    expect(judgeRecording([session('a', 0, undefined)], [part(0, 'a', 40, 'salvaged')]).complete).toBe(true)
  })

  it('says when nothing came', () => {
    expect(judgeRecording([session('a', 0, 3)], []).summary).toBe(
      'Nothing was recorded: no audio or video arrived.',
    )
  })
})
