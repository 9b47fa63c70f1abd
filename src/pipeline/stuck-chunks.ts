/**
 * A chunk whose ffmpeg stood still on this worker is left to others, if there are any: what made it stand still
 * may be this machine. Nobody else takes it for a while: then it is tried here again.
 */
import { AppError } from '../kernel/errors.ts'
import { JobHandedOn } from './queue.ts'

/** Each leaves it to others for a second (database/queue.ts). */
const MAX_PASSES = 10
/** Chunks of long ago are of no interest: others made them, or they have failed. */
const MAX_REMEMBERED = 200

export interface StuckChunks {
  /** Throws what `work` throws; JobHandedOn, without working, when another worker is to try. */
  watch(data: object, work: () => Promise<void>): Promise<void>
}

export function makeStuckChunks(othersWork: () => Promise<boolean>): StuckChunks {
  /** By chunk: how often it was passed on. */
  const stuck = new Map<string, number>()
  return {
    async watch(data, work) {
      const key = keyOf(data)
      const passes = key === undefined ? undefined : stuck.get(key)
      if (key !== undefined && passes !== undefined && passes < MAX_PASSES && (await othersWork())) {
        stuck.set(key, passes + 1)
        throw new JobHandedOn('It stood still here: another worker is to try it.')
      }
      try {
        await work()
      } catch (error) {
        if (key !== undefined && error instanceof AppError && error.fields.stalled === true) {
          stuck.set(key, 0)
          for (const oldest of stuck.keys()) if (stuck.size > MAX_REMEMBERED) stuck.delete(oldest)
        }
        throw error
      }
    },
  }
}

function keyOf(data: object): string | undefined {
  const { videoId, index } = data as { videoId?: unknown; index?: unknown }
  return index === undefined ? undefined : `${videoId}/${index}`
}
