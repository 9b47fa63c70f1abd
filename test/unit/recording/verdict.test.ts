import { describe, expect, it } from 'vitest'
import { judgeRecording, listDisconnects, type SessionOutcome } from '../../../src/recording/verdict.ts'

const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000)
const session = (sessionId: string, from: number, to: number | undefined, ending?: SessionOutcome) => ({
  sessionId,
  startedAt: at(from),
  endedAt: to === undefined ? undefined : at(to),
  ending,
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
  it('on one whole session is complete (pain 2)', () => {
    expect(judgeRecording([session('a', 0, 3726, 'unpublished')], [part(0, 'a', 3725.4)])).toEqual({
      receivedSeconds: 3726,
      recordedSeconds: 3725.4,
      gaps: [],
      complete: true,
      summary: 'Everything received was recorded: 1:02:05.',
    })
  })

  it('names an interruption by the encoder, and is complete all the same', () => {
    const verdict = judgeRecording(
      [session('a', 0, 60, 'dropped'), session('b', 75, 100, 'unpublished')],
      [part(0, 'a', 60), part(1, 'b', 25)],
    )
    expect(verdict.gaps).toEqual([
      { startSeconds: 60, seconds: 15, at: at(60).toISOString(), reason: 'interrupted' },
    ])
    expect(verdict.complete).toBe(true)
    expect(verdict.summary).toBe(
      'Everything received was recorded: 1:25. The encoder was away once, 0:15 in all.',
    )
  })

  it('tells a restart of the server from an encoder that was away', () => {
    const { gaps, complete, summary } = judgeRecording(
      [session('a', 0, 60, 'draining'), session('b', 63, 100, 'dropped'), session('c', 110, 120)],
      [part(0, 'a', 60), part(1, 'b', 37), part(2, 'c', 10)],
    )
    expect(gaps.map(({ reason, seconds }) => [reason, seconds])).toEqual([
      ['stopped', 3],
      ['interrupted', 10],
    ])
    expect(complete).toBe(true)
    expect(summary).toContain(
      'The encoder was away once, 0:10 in all. The server was away once, 0:03 in all.',
    )
  })

  it('says what a full disk cost, also of a session of before it had an ending for that', () => {
    const verdict = judgeRecording([session('a', 0, 100, 'protocol-error')], [part(0, 'a', 40, 'failed')])
    expect(verdict.gaps).toEqual([
      { startSeconds: 40, seconds: 60, at: at(40).toISOString(), reason: 'disk' },
    ])
    expect(verdict.complete).toBe(false)
    expect(verdict.summary).toBe("0:40 recorded; missing: 1:00 after 0:40 (the server's disk was full).")
  })

  it('counts the time until the encoder could come back as the doing of the disk', () => {
    const { gaps, complete } = judgeRecording(
      [session('a', 0, 40, 'write-error'), session('b', 70, 80, 'unpublished')],
      [part(0, 'a', 40, 'failed'), part(1, 'b', 10)],
    )
    expect(gaps).toEqual([{ startSeconds: 40, seconds: 30, at: at(40).toISOString(), reason: 'write-error' }])
    expect(complete).toBe(false)
  })

  it('does not say that nothing is missing when the disk ended the session at once', () => {
    const { summary } = judgeRecording([session('a', 0, 40.2, 'disk')], [part(0, 'a', 40, 'failed')])
    expect(summary).toBe("0:40 recorded; missing: what followed 0:40 (the server's disk was full).")
  })

  it('says where the server was killed, and for how long nothing could be received', () => {
    const { gaps, complete, summary } = judgeRecording(
      [session('a', 0, 40, 'crashed'), session('b', 52, 60, 'crashed')],
      [part(0, 'a', 40, 'salvaged'), part(1, 'b', 8, 'salvaged')],
    )
    expect(gaps).toEqual([
      { startSeconds: 40, seconds: 12, at: at(40).toISOString(), reason: 'crashed' },
      { startSeconds: 48, seconds: 0, at: at(60).toISOString(), reason: 'crashed' },
    ])
    expect(complete).toBe(false)
    expect(summary).toBe(
      '0:48 recorded; missing: 0:12 after 0:40 (the server stopped unexpectedly), what followed 0:48 (the server stopped unexpectedly).',
    )
  })

  it('knows a crash from an encoder that sent too little', () => {
    expect(judgeRecording([session('a', 0, 100)], [part(0, 'a', 40, 'salvaged')]).gaps[0]?.reason).toBe(
      'crashed',
    )
    expect(judgeRecording([session('a', 0, 100)], [part(0, 'a', 40)]).gaps[0]?.reason).toBe('not-recorded')
    expect(judgeRecording([session('a', 0, undefined)], [part(0, 'a', 40, 'salvaged')]).complete).toBe(true)
  })

  it('places what is missing where nothing came, the longest pauses first', () => {
    const pause = (startSeconds: number, seconds: number) => ({
      startSeconds,
      seconds,
      at: at(startSeconds).toISOString(),
    })
    const pauses = [pause(1, 2), pause(10, 20), pause(15, 8)]
    const parts = [part(0, 'a', 30), { ...part(1, 'b', 70), pauses }]
    const { gaps } = judgeRecording([session('a', 0, 30), session('b', 31, 127)], parts)
    expect(gaps.filter(({ reason }) => reason === 'not-recorded')).toEqual([
      { startSeconds: 40, seconds: 20, at: pauses[1]?.at, reason: 'not-recorded' },
      { startSeconds: 45, seconds: 6, at: pauses[2]?.at, reason: 'not-recorded' },
    ])
    // What followed after a pause is not missing.
    const caughtUp = [{ ...part(0, 'a', 99), pauses }]
    expect(judgeRecording([session('a', 0, 100)], caughtUp).complete).toBe(true)
    const slow = [{ ...part(0, 'a', 40), pauses: [pause(5, 10)] }]
    expect(judgeRecording([session('a', 0, 100)], slow).gaps).toMatchObject([
      { startSeconds: 5, seconds: 10 },
      { startSeconds: 40, seconds: 50 },
    ])
  })

  it('says that a broadcast was ended at its largest size, with nothing missing of it', () => {
    const { complete, summary } = judgeRecording([session('a', 0, 40, 'size-limit')], [part(0, 'a', 40)])
    expect(complete).toBe(true)
    expect(summary).toBe(
      'Everything received was recorded: 0:40. It was ended there: it was as large as it may become.',
    )
  })

  it('says when nothing came', () => {
    expect(judgeRecording([session('a', 0, 3)], []).summary).toBe(
      'Nothing was recorded: no audio or video arrived.',
    )
  })

  it('that nothing could be written is not that nothing came', () => {
    const { complete, summary } = judgeRecording([session('a', 0, 3, 'disk')], [part(0, 'a', 0, 'failed')])
    expect(complete).toBe(false)
    expect(summary).toBe("0:00 recorded; missing: 0:03 after 0:00 (the server's disk was full).")
  })
})

describe('the disconnects of a broadcast', () => {
  it('are the sessions that ended without a goodbye, with how long nobody was there', () => {
    const sessions = [
      session('a', 0, 10, 'dropped'),
      session('b', 15, 20, 'disk'),
      session('c', 22, 30, 'unpublished'),
    ]
    expect(listDisconnects(sessions)).toEqual([
      { at: at(10), ending: 'dropped', awaySeconds: 5 },
      { at: at(20), ending: 'disk', awaySeconds: 2 },
    ])
    expect(listDisconnects([session('a', 0, 10, 'crashed'), session('b', 12, undefined)])).toMatchObject([
      { ending: 'crashed', awaySeconds: 2 },
    ])
    expect(listDisconnects([session('a', 0, 10, 'dropped')])).toMatchObject([{ awaySeconds: undefined }])
  })
})
