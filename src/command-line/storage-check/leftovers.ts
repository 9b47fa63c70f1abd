/** Uploads against their rows, and what was left half done: by crashes, by clients that went away, by salvage. */
import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Inventory } from '../../database/inventory.ts'
import type { StoragePaths } from '../../media/layout.ts'
import type { Discrepancy } from './discrepancy.ts'
import { absent, foldersIn, leftoverIndexes } from './recordings.ts'

/** An upload that has been quiet for so long is not going on. */
const QUIET_MS = 2 * 24 * 3600 * 1000
/** Of the media store: nothing is written aside for so long. */
const ASIDE_MS = 3600 * 1000
/** Resumable uploads keep house themselves. */
const TUS = 'tus'

export interface UploadsToCompare {
  readonly paths: StoragePaths
  readonly mediaDir: string
  readonly inventory: Inventory
}

export async function compareUploads({ paths, inventory }: UploadsToCompare): Promise<Discrepancy[]> {
  const folders = (await foldersIn(paths.uploads)).filter((name) => name !== TUS)
  const videos = (await inventory.videos()).filter(({ upload }) => upload !== undefined)
  const known = new Set<string>(videos.map(({ upload }) => upload?.id ?? ''))
  const found: Discrepancy[] = []
  for (const folder of folders.filter((name) => !known.has(name))) {
    const place = path.join(paths.uploads, folder)
    if (await isQuiet(place, QUIET_MS))
      found.push(leftover(`upload ${folder}`, 'belongs to no video, and nothing came for two days', place))
  }
  for (const { id, title, upload, state, deleted } of videos) {
    if (!upload || deleted || (await stat(path.join(paths.root, upload.path)).catch(absent))) continue
    found.push({
      subject: `upload ${upload.id}`,
      state: state === 'ready' ? 'note' : 'bad',
      text: `the file of "${title}" (video ${id}) is gone\n${state === 'ready' ? 'It plays, but cannot be made again.' : 'Put it back from a backup, or delete the video and upload it again.'}`,
    })
  }
  return found
}

/** Files that nothing refers to. */
export async function findLeftovers({ paths, mediaDir }: UploadsToCompare): Promise<Discrepancy[]> {
  const asides = path.join(mediaDir, '.aside')
  const names = (await readdir(asides).catch(absent)) ?? []
  const found: Discrepancy[] = []
  for (const place of [...names.map((name) => path.join(asides, name)), ...(await leftoverIndexes(paths))])
    if (await isQuiet(place, ASIDE_MS))
      found.push(leftover(path.basename(place), 'was left half written', place))
  return found
}

function leftover(subject: string, text: string, place: string): Discrepancy {
  const run = () => rm(place, { recursive: true, force: true })
  return { subject, state: 'note', text, repair: { what: 'remove it', run } }
}

/** Neither the place nor anything directly in it was touched for so long. */
async function isQuiet(place: string, quietMs: number): Promise<boolean> {
  const found = await stat(place).catch(absent)
  if (!found) return false
  const inside = found.isDirectory() ? await readdir(place) : []
  const times = await Promise.all(
    inside.map(async (name) => (await stat(path.join(place, name)).catch(absent))?.mtimeMs ?? 0),
  )
  return Date.now() - Math.max(found.mtimeMs, ...times) > quietMs
}
