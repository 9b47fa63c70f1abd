/** Files on this machine into the catalogue, one at a time: found, repaired, taken in once. */
import { createHash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { copyFile, open, readdir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../kernel/errors.ts'
import type { UserId, VideoId } from '../kernel/ids.ts'
import { importName } from '../library/import-title.ts'
import type { VideoVisibility } from '../library/permissions.ts'
import { KNOWN_ENDINGS, type Uploads } from '../library/uploads.ts'
import {
  type ForeignRecording,
  readForeignRecording,
  repairForeignRecording,
} from '../recording/repair-foreign.ts'

export interface ImportedFile {
  readonly videoId: VideoId
  /** False: it was there already. */
  readonly isNew: boolean
  /** What was done to a recording that was not whole. */
  readonly repair: ForeignRecording | undefined
}

export interface ImportWishes {
  readonly person: { readonly userId: UserId; readonly userName: string }
  readonly title: string | undefined
  readonly visibility: VideoVisibility
}

export interface FoundFiles {
  /** Absolute, each once, in order of their names. */
  readonly files: readonly string[]
  /** Files in folders that are neither videos nor recordings. */
  readonly others: number
}

/** Livego's names; it opens such a file again without emptying it. */
const LIVEGO = /_\d{10}\.flv$/
/** A file that was changed this recently may be on its way still. */
const FRESH_MS = 10_000
const LOOK_AGAIN_MS = 1000

/** Files are taken whatever they are called; of folders, with all below them, what looks like media. */
export async function findFiles(paths: readonly string[]): Promise<FoundFiles> {
  const files = new Set<string>()
  let others = 0
  for (const given of paths) {
    const root = path.resolve(given)
    const found = await stat(root).catch(() => undefined)
    // One that is not there is refused in its turn, like any other that cannot be taken.
    if (!found?.isDirectory()) {
      files.add(await realpath(root).catch(() => root))
      continue
    }
    const entries = await readdir(root, { recursive: true, withFileTypes: true })
    const names = entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
    for (const file of names.toSorted()) {
      if (isMediaName(file) || (await isFlv(file).catch(() => false))) files.add(await realpath(file))
      else others += 1
    }
  }
  return { files: [...files], others }
}

/** Throws AppError with a reason for whoever asked. */
export async function importFile(
  uploads: Uploads,
  file: string,
  wishes: ImportWishes,
  signal: AbortSignal,
): Promise<ImportedFile> {
  const { person, visibility } = wishes
  const { size, mtime } = await settled(file, signal)
  if (size === 0)
    throw new AppError('not-a-video', 'The file is empty: the recording was opened and nothing written.')
  const importHash = await hashOf(file, signal)
  const before = await uploads.findImported(person, importHash)
  if (before) return { videoId: before, isNew: false, repair: undefined }

  const flv = await isFlv(file)
  const reading = { reopened: LIVEGO.test(file), signal }
  const found = flv ? await readForeignRecording(file, async () => undefined, reading) : undefined
  if (found && found.pictures + found.sounds === 0)
    throw new AppError(
      'not-a-video',
      'Nothing was recorded in it: the file has a beginning and no pictures or sound.',
    )
  await uploads.checkRoom(size)
  const named = importName(file, mtime)
  // What is called .flv.tmp is an FLV all the same.
  const upload = await uploads.begin(flv ? 'recording.flv' : path.basename(file))
  try {
    if (found && !found.whole) await repairForeignRecording(file, upload.file, reading)
    // Shares the blocks where the file system can.
    else await copyFile(file, upload.file, constants.COPYFILE_FICLONE)
  } catch (error) {
    await uploads.discard(upload)
    throw error
  }
  const details = { fileName: named.fileName, title: wishes.title ?? named.title, visibility, importHash }
  const videoId = await uploads.accept(upload, person, details, signal)
  return { videoId, isNew: true, repair: found && !found.whole ? found : undefined }
}

function isMediaName(file: string): boolean {
  return KNOWN_ENDINGS.has(path.extname(file.replace(/\.tmp$/i, '')).toLowerCase())
}

async function isFlv(file: string): Promise<boolean> {
  await using handle = await open(file, 'r')
  const bytes = Buffer.alloc(3)
  await handle.read(bytes, 0, bytes.length, 0)
  return bytes.toString('latin1') === 'FLV'
}

/** The file, unless somebody is still writing it: then the rest of it would be missing for good. */
async function settled(file: string, signal: AbortSignal) {
  const first = await stat(file)
  if (Date.now() - first.mtimeMs > FRESH_MS) return first
  await delay(LOOK_AGAIN_MS, undefined, { signal })
  const second = await stat(file)
  if (second.size !== first.size || second.mtimeMs !== first.mtimeMs)
    throw new AppError('conflict', 'It is still being written: import it when the recording is over.')
  return second
}

async function hashOf(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), hash, { signal })
  return hash.digest('hex')
}
