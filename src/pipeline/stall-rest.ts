/**
 * After an encoder stood still on this worker, others go first for a moment, if there are any: what made it stand
 * still may be this machine, and its chunk is tried again by whoever comes next.
 */
import { AppError } from '../kernel/errors.ts'
import { JobHandedOn } from './queue.ts'

/** Longer than a released chunk waits for its next attempt, and than others take to hear of it. */
const REST_MS = 5_000

/** Throws what `work` throws; JobHandedOn, without working, while others go first. */
export type StallRest = (work: () => Promise<void>) => Promise<void>

export function makeStallRest(
  othersWork: () => Promise<boolean>,
  now: () => number = () => performance.now(),
): StallRest {
  let restsUntil = Number.NEGATIVE_INFINITY
  return async (work) => {
    if (now() < restsUntil && (await othersWork()))
      throw new JobHandedOn('An encoder stood still here a moment ago: another worker goes first.')
    try {
      await work()
    } catch (error) {
      if (error instanceof AppError && error.fields.stalled === true) restsUntil = now() + REST_MS
      throw error
    }
  }
}
