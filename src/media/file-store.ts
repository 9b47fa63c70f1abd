/**
 * The media store on the file system, below one folder.
 *
 * Whole or not at all: content is written in a folder no key can name, synced, renamed, and the folder
 * synced; so after a crash there is the old content or the new, and what was being written can be found.
 */
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat, truncate } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { AppError } from '../kernel/errors.ts'
import { type DiskWrites, diskWrites } from './disk-writes.ts'
import type { MediaKey } from './layout.ts'
import type { MediaStat, MediaStore } from './store.ts'

const ASIDES = '.aside'

export class FileStore implements MediaStore {
  readonly #root: string
  readonly #disk: DiskWrites
  /** Folders that exist: making sure again for each segment would be a system call for each level. */
  readonly #folders = new Set<string>()

  /** `root` is absolute; it is made when the first thing is stored. */
  constructor(root: string, disk = diskWrites) {
    this.#root = path.resolve(root)
    this.#disk = disk
  }

  /** Removes what crashes left half written, if it has not been touched for so long. Others may be writing. */
  async sweep(olderThanMs: number): Promise<void> {
    const asides = path.join(this.#root, ASIDES)
    const before = Date.now() - olderThanMs
    for (const name of (await absentIsUndefined(readdir(asides))) ?? []) {
      const aside = path.join(asides, name)
      const found = await absentIsUndefined(stat(aside))
      // Date.now() knows whole milliseconds only.
      if (found && Math.floor(found.mtimeMs) <= before) await rm(aside, { force: true })
    }
  }

  async put(key: MediaKey, content: Uint8Array | readonly Uint8Array[]): Promise<void> {
    const parts = content instanceof Uint8Array ? [content] : content
    await this.#replace(key, (aside) => this.#disk.create(aside, parts))
  }

  async putFile(key: MediaKey, localPath: string): Promise<void> {
    await this.#replace(key, async (aside) => {
      await rename(localPath, aside).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EXDEV') throw error
        // Another file system cannot be moved to, only copied to.
        await copyFile(localPath, aside)
        await rm(localPath, { force: true })
      })
      await using file = await open(aside, 'r+')
      await file.sync()
    })
  }

  async append(key: MediaKey, content: Uint8Array): Promise<void> {
    const file = this.#path(key)
    await this.#makeFolder(path.dirname(file))
    const before = await this.#disk.append(file, content)
    if (before === 0) await this.#disk.syncFolder(path.dirname(file))
  }

  async truncate(key: MediaKey, bytes: number): Promise<void> {
    await truncate(this.#path(key), bytes)
  }

  async read(key: MediaKey): Promise<Buffer | undefined> {
    return await absentIsUndefined(readFile(this.#path(key)))
  }

  async stat(key: MediaKey): Promise<MediaStat | undefined> {
    const found = await absentIsUndefined(stat(this.#path(key)))
    return found?.isFile() ? { bytes: found.size, modifiedAt: found.mtime } : undefined
  }

  async stream(key: MediaKey, range?: { readonly start: number; readonly end: number }): Promise<Readable> {
    const handle = await absentIsUndefined(open(this.#path(key), 'r'))
    if (!handle) throw new AppError('not-found', 'There is no such file.', { fields: { key } })
    if (range && range.end <= range.start) {
      await handle.close()
      return createReadStream('/dev/null')
    }
    const stream = handle.createReadStream({
      highWaterMark: 1024 * 1024,
      // Inclusive, unlike everything else here.
      ...(range ? { start: range.start, end: range.end - 1 } : {}),
    })
    return stream
  }

  localPath(key: MediaKey): string {
    return this.#path(key)
  }

  async remove(key: MediaKey): Promise<void> {
    const target = this.#path(key)
    await rm(target, { recursive: true, force: true })
    for (const folder of this.#folders) {
      if (folder === target || folder.startsWith(target + path.sep)) this.#folders.delete(folder)
    }
  }

  async #replace(key: MediaKey, write: (aside: string) => Promise<void>): Promise<void> {
    const file = this.#path(key)
    const folder = path.dirname(file)
    const asides = path.join(this.#root, ASIDES)
    const aside = path.join(asides, randomUUID())
    try {
      await this.#inFolder(asides, () => write(aside))
      await this.#inFolder(folder, () => this.#disk.rename(aside, file))
    } catch (error) {
      await rm(aside, { force: true }).catch(() => undefined)
      throw diskError(error)
    }
    await this.#disk.syncFolder(folder)
  }

  async #inFolder(folder: string, work: () => Promise<void>): Promise<void> {
    await this.#makeFolder(folder)
    await work().catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      // The folder was removed since it was made.
      this.#folders.delete(folder)
      await this.#makeFolder(folder)
      await work()
    })
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#folders.has(folder)) return
    const made = await mkdir(folder, { recursive: true })
    if (made) await this.#disk.syncFolder(path.dirname(made))
    this.#folders.add(folder)
  }

  /** Keys are made by layout.ts; one that leads out of the root was made by nobody, and is an error of ours. */
  #path(key: MediaKey): string {
    const parts = key.split('/')
    if (
      parts.some((part) => part === '' || part.startsWith('.') || part.includes('\\') || part.includes('\0'))
    ) {
      throw new AppError('not-found', 'There is no such file.', { fields: { key } })
    }
    return path.join(this.#root, ...parts)
  }
}

async function absentIsUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

function diskError(error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code === 'ENOSPC'
    ? new AppError('disk-full', 'The disk is full.', { cause: error })
    : error
}
