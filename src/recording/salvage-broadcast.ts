/** Salvage of a whole broadcast: every part of its log on disk, in order. */
import { stat } from 'node:fs/promises'
import type { BroadcastId } from '../kernel/ids.ts'
import type { StoragePaths } from '../media/layout.ts'
import { partsOnDisk } from './broadcast-log.ts'
import { type SalvagedPart, salvagePart } from './salvage.ts'

export interface SalvagedBroadcast {
  /** When the last byte was written; undefined when there is no recording. */
  readonly lastWrittenAt: Date | undefined
  /** Of all parts, now. */
  readonly bytes: number
}

/** `onPart` is told of each part after it was repaired. Rejects when a file cannot be read or written. */
export async function salvageBroadcast(
  paths: StoragePaths,
  broadcastId: BroadcastId,
  onPart: (part: number, found: SalvagedPart) => Promise<void>,
): Promise<SalvagedBroadcast> {
  let lastWrittenAt: Date | undefined
  let bytes = 0
  for (const part of await partsOnDisk(paths.recording(broadcastId))) {
    const file = paths.recordingPart(broadcastId, part)
    // Before the repair, which writes too.
    lastWrittenAt = (await stat(file)).mtime
    const found = await salvagePart(file, paths.recordingIndex(broadcastId, part))
    bytes += found.bytes
    await onPart(part, found)
  }
  return { lastWrittenAt, bytes }
}
