/** Recordings on disk against the rows of broadcasts and their parts. A broadcast on air changes under one's eyes: only those that ended are compared. */
import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { InventoriedBroadcast, InventoriedPart, Inventory } from '../../database/inventory.ts'
import type { PostgresRecordingLedger } from '../../database/recordings.ts'
import type { BroadcastId } from '../../kernel/ids.ts'
import type { StoragePaths } from '../../media/layout.ts'
import { partsOnDisk } from '../../recording/broadcast-log.ts'
import { type SalvagedPart, salvagePart } from '../../recording/salvage.ts'
import type { Discrepancy } from './discrepancy.ts'

export interface RecordingsToCompare {
  readonly paths: StoragePaths
  readonly inventory: Inventory
  readonly parts: Pick<PostgresRecordingLedger, 'partSalvaged'>
}

/** Nothing but the file header: no more than no file. */
const EMPTY_BYTES = 13

export async function compareRecordings(options: RecordingsToCompare): Promise<Discrepancy[]> {
  const { paths, inventory } = options
  // What is on disk first: a broadcast that begins meanwhile has its row before its file.
  const folders = await foldersIn(paths.recordings)
  const broadcasts = await inventory.broadcasts()
  const known = new Set<string>(broadcasts.map(({ id }) => id))
  const found: Discrepancy[] = []
  for (const id of folders.filter((folder) => !known.has(folder)))
    found.push(...(await orphan(paths, id as BroadcastId)))
  for (const broadcast of broadcasts.filter(({ ended }) => ended))
    found.push(...(await compareBroadcast(options, broadcast)))
  return found
}

async function orphan(paths: StoragePaths, id: BroadcastId): Promise<Discrepancy[]> {
  const folder = paths.recording(id)
  const sizes = await Promise.all(
    (await partsOnDisk(folder)).map((part) => sizeOf(paths.recordingPart(id, part))),
  )
  const bytes = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
  const subject = `recording ${id}`
  if (sizes.every((size) => (size ?? 0) <= EMPTY_BYTES)) {
    const run = () => rm(folder, { recursive: true, force: true })
    return [
      {
        subject,
        state: 'note',
        text: 'holds nothing, and no broadcast is known of it',
        repair: { what: 'remove the folder', run },
      },
    ]
  }
  return [
    {
      subject,
      state: 'bad',
      text: `no broadcast is known of it (${sizes.length} parts, ${(bytes / 2 ** 20).toFixed(1)} MiB)\nTake it in with: npx reprise import ${folder} --owner <e-mail>; or remove the folder.`,
    },
  ]
}

async function compareBroadcast(
  options: RecordingsToCompare,
  broadcast: InventoriedBroadcast,
): Promise<Discrepancy[]> {
  const { paths } = options
  const onDisk = await partsOnDisk(paths.recording(broadcast.id))
  const rows = new Map(broadcast.parts.map((part) => [part.part, part]))
  const numbers = [...new Set([...onDisk, ...rows.keys()])].sort((a, b) => a - b)
  const found = await Promise.all(
    numbers.map(async (part) =>
      comparePart(
        options,
        broadcast,
        part,
        rows.get(part),
        await sizeOf(paths.recordingPart(broadcast.id, part)),
      ),
    ),
  )
  return found.filter((one) => one !== undefined)
}

function comparePart(
  { paths, inventory, parts }: RecordingsToCompare,
  { id, title }: InventoriedBroadcast,
  part: number,
  row: InventoriedPart | undefined,
  bytes: number | undefined,
): Discrepancy | undefined {
  const subject = `recording ${id}/${part}.flv`
  const measure = () => salvagePart(paths.recordingPart(id, part), paths.recordingIndex(id, part))
  const correct = async (found: SalvagedPart) => inventory.correctPart(id, part, found)
  if (bytes === undefined) {
    // A part that could not even be created has a row that says so.
    if (!row || row.bytes <= EMPTY_BYTES) return undefined
    return {
      subject,
      state: 'bad',
      text: `is gone; "${title}" had ${row.bytes} bytes in it\nPut the file back from a backup, if there is one.`,
      repair: {
        what: 'write down that it is missing',
        run: () => inventory.correctPart(id, part, 'missing'),
      },
    }
  }
  if (!row) {
    if (bytes <= EMPTY_BYTES) return undefined
    const run = async () => parts.partSalvaged(id, part, await measure())
    return {
      subject,
      state: 'bad',
      text: `"${title}" does not know of it`,
      repair: { what: 'write it down', run },
    }
  }
  const run = async () => correct(await measure())
  if (row.state === 'open')
    return {
      subject,
      state: 'bad',
      text: `"${title}" has ended, and it was never closed`,
      repair: { what: 'mend and close it', run },
    }
  if (row.bytes === bytes) return undefined
  const text = `has ${bytes} bytes; "${title}" was told of ${row.bytes}`
  return {
    subject,
    state: 'bad',
    text,
    repair: { what: 'cut it to whole messages and write down what it is', run },
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(absent))?.size
}

/** Names of folders; none when there is no such place. */
export async function foldersIn(place: string): Promise<string[]> {
  const entries = (await readdir(place, { withFileTypes: true }).catch(absent)) ?? []
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

export function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

/** What a salvage that was cut off leaves beside the index. */
export async function leftoverIndexes(paths: StoragePaths): Promise<string[]> {
  const found: string[] = []
  for (const folder of await foldersIn(paths.recordings)) {
    const names = await readdir(path.join(paths.recordings, folder))
    found.push(
      ...names
        .filter((name) => name.endsWith('.idx.tmp'))
        .map((name) => path.join(paths.recordings, folder, name)),
    )
  }
  return found
}
