/** Whole RTMP sessions, damaged: each may cost its own connection, and nothing else. A million of them: test/long. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { assertBrokenSessions } from '../../support/rtmp/assert-sessions.ts'
import { runSession } from '../../support/rtmp/run-session.ts'
import { builtSessions, recordedSessions } from '../../support/rtmp/session-pieces.ts'

const FINDS = path.join(import.meta.dirname, '../../fixtures/rtmp-sessions')
const sessions = builtSessions()

describe('sessions as they should be', () => {
  it.each([
    ['publishes', 1, 27],
    ['publishes in large chunks', 1, 27],
    ['publishes late in the day', 1, 30],
    ['publishes enhanced', 1, 16],
    ['publishes two streams', 2, 25],
    ['publishes and plays', 1, 21],
    ['publishes in AMF3', 1, 9],
    ['publishes what is rare', 1, 18],
    ['publishes twice', 2, 18],
    ['plays', 0, 0],
    ['is refused', 0, 0],
  ])('%s', async (name, publishes, mediaMessages) => {
    const pieces = sessions.find((session) => session.name === name)?.pieces ?? []
    for (let reads = 0; reads < 20; reads += 1) {
      const outcome = await runSession(Buffer.concat(pieces), { reads, ending: 'finished' })
      expect(outcome).toMatchObject({ publishes, mediaMessages })
    }
  })
})

describe('sessions of a real encoder', () => {
  it.each(recordedSessions())('$name', async ({ pieces }) => {
    for (let reads = 0; reads < 3; reads += 1) {
      const { publishes, mediaMessages } = await runSession(Buffer.concat(pieces), {
        reads,
        ending: 'finished',
      })
      expect(publishes).toBe(1)
      expect(mediaMessages).toBeGreaterThan(25)
    }
  })
})

it('2,000 broken sessions cause no undeclared error, leave nothing open and hold little (pain 45)', async () => {
  const { runs, published } = await assertBrokenSessions([...sessions, ...recordedSessions()], {
    runs: 2_000,
    timeLimitMs: 5_000,
  })
  expect(runs).toBeGreaterThan(100)
  expect(published).toBeGreaterThan(runs / 4)
}, 20_000)

it('what was found once stays mended', async () => {
  const finds = readdirSync(FINDS).filter((name) => name.endsWith('.bin'))
  for (const name of finds) {
    const bytes = readFileSync(path.join(FINDS, name))
    for (const ending of ['finished', 'lost', 'drained', 'timed-out'] as const) {
      for (let reads = 0; reads < 5; reads += 1) await runSession(bytes, { reads, ending })
    }
  }
})
