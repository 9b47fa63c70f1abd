import { describe, expect, it } from 'vitest'
import { describeFailure, retryDelayMs } from '../../../../web/src/player/playback-failure.ts'

const FACTS = { mediaCode: 2, online: true, serverStatus: 200, attempts: 0 }

describe('what stops playback', () => {
  it('goes on by itself when the network or the server is away, however long', () => {
    for (const attempts of [0, 5, 500]) {
      expect(describeFailure({ ...FACTS, online: false, attempts })).toMatchObject({
        kind: 'passing',
        title: 'You are offline',
      })
      expect(describeFailure({ ...FACTS, serverStatus: 0, attempts })).toMatchObject({
        kind: 'passing',
        title: 'The server cannot be reached',
      })
      expect(describeFailure({ ...FACTS, serverStatus: 503, attempts }).kind).toBe('passing')
      expect(describeFailure({ ...FACTS, mediaCode: 4, attempts }).kind).toBe('passing')
    }
  })

  it('stops when the video is gone, or may no longer be watched', () => {
    expect(describeFailure({ ...FACTS, serverStatus: 404 })).toMatchObject({
      kind: 'final',
      title: 'This video is gone',
    })
    expect(describeFailure({ ...FACTS, serverStatus: 403 })).toMatchObject({
      kind: 'final',
      title: 'You may no longer watch this',
    })
  })

  it('tries a damaged picture twice, then says what to do', () => {
    expect(describeFailure({ ...FACTS, mediaCode: 3, attempts: 1 }).kind).toBe('passing')
    expect(describeFailure({ ...FACTS, mediaCode: 3, attempts: 2 })).toMatchObject({
      kind: 'final',
      advice: expect.stringContaining('another quality'),
    })
  })

  it('waits longer each time, up to a quarter of a minute', () => {
    expect([0, 1, 2, 3, 4, 50].map(retryDelayMs)).toEqual([1000, 2000, 4000, 8000, 15_000, 15_000])
  })
})
