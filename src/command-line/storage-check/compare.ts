/** Storage against database, both ways: everything that does not agree. Changes nothing by itself. */
import path from 'node:path'
import type { Database } from '../../database/client.ts'
import { makeInventory } from '../../database/inventory.ts'
import { makeRecordingLedger } from '../../database/recordings.ts'
import type { VideoId } from '../../kernel/ids.ts'
import type { Logger } from '../../kernel/logger.ts'
import type { StoragePaths } from '../../media/layout.ts'
import type { MediaStore } from '../../media/store.ts'
import type { Discrepancy } from './discrepancy.ts'
import { compareUploads, findLeftovers } from './leftovers.ts'
import { compareMedia } from './media.ts'
import { comparePictures } from './pictures.ts'
import { compareRecordings } from './recordings.ts'

export interface StorageToCompare {
  readonly paths: StoragePaths
  /** Absolute folder of the media store. */
  readonly mediaDir: string
  readonly store: MediaStore
  readonly prisma: Database
  /** Asks for everything of a video to be made again, as a repair. */
  readonly rebuild: (videoId: VideoId) => Promise<void>
  /** The same of its poster, preview and storyboard alone; `mediaId`: what its media are kept under. */
  readonly remakePictures: (mediaId: VideoId) => Promise<void>
  readonly log: Logger
}

/** Recordings first: what they lack, what is made of them lacks too. */
export async function compareStorage({ prisma, log, ...given }: StorageToCompare): Promise<Discrepancy[]> {
  const parts = { ...given, inventory: makeInventory(prisma), parts: makeRecordingLedger(prisma, log) }
  return [
    ...(await compareRecordings(parts)),
    ...(await compareUploads(parts)),
    ...(await compareMedia(parts)),
    ...(await comparePictures(parts)),
    ...(await findLeftovers(parts)),
  ].map((one) => ({ ...one, subject: one.subject.split(path.sep).join('/') }))
}
