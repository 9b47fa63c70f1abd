/** Many broken sessions in a row. On a failure fast-check prints the seed, the path and the smallest session that fails. */
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { expect } from 'vitest'
import { heldBytes } from '../held-memory.ts'
import { breakSession, brokenSessions } from './mutations.ts'
import { runSession } from './run-session.ts'
import type { SessionPieces } from './session-pieces.ts'

const MIB = 1024 * 1024
/** No session sends a megabyte, so hardly more may be held when it is over. Looked at more closely from here on. */
const MAX_PEAK_BYTES = 128 * MIB
const MAX_LEFT_BYTES = 8 * MIB
const LOOK_EVERY = 100

export interface BrokenRuns {
  /** Of the runs that reached a publish: too few, and the damages only test the door. */
  readonly published: number
  readonly runs: number
  readonly seed: number
}

export async function assertBrokenSessions(
  sessions: readonly SessionPieces[],
  options: { runs: number; timeLimitMs?: number; seed?: number },
): Promise<BrokenRuns> {
  const { runs: numRuns, timeLimitMs, seed = Date.now() & 0x7fffffff } = options
  const before = await heldBytes()
  let runs = 0
  let published = 0
  let failing: Buffer | undefined
  const checked = fc.assert(
    fc.asyncProperty(brokenSessions(), async (broken) => {
      const bytes = breakSession(sessions, broken)
      const { publishes } = await runSession(bytes, broken).catch((error: unknown) => {
        failing = bytes
        throw error
      })
      runs += 1
      if (publishes > 0) published += 1
      if (runs % LOOK_EVERY !== 0) return
      // Timers have their turn too.
      await new Promise((resolve) => setImmediate(resolve))
      const { heapUsed, external } = process.memoryUsage()
      if (heapUsed + external - before < MAX_PEAK_BYTES) return
      // It may be litter only.
      expect((await heldBytes()) - before, 'bytes held meanwhile').toBeLessThan(MAX_LEFT_BYTES)
    }),
    {
      numRuns,
      seed,
      ...(timeLimitMs === undefined
        ? {}
        : { interruptAfterTimeLimit: timeLimitMs, markInterruptAsFailure: false }),
    },
  )
  await checked.catch((cause: unknown) => {
    if (!failing) throw cause
    // Shrinking ends with the smallest that fails.
    const find = path.join(tmpdir(), `reprise-find-${seed}.bin`)
    writeFileSync(find, failing)
    throw new Error(`${String(cause)}\nThe session is in ${find}: keep it in test/fixtures/rtmp-sessions.`, {
      cause,
    })
  })
  expect((await heldBytes()) - before, 'bytes left behind').toBeLessThan(MAX_LEFT_BYTES)
  return { published, runs, seed }
}
