/**
 * Uploads: a file that somebody gave us, from its last byte on this disk to a video in the catalogue.
 *
 *     arriving file ──begin──▶ uploads/<id>/source.mp4 ──accept──▶ probe ──▶ rows + work, one transaction
 *                                        └── refused or aborted: the folder is removed ──┘
 */
import { mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { AppError, describeError } from '../kernel/errors.ts'
import { type ChannelId, newId, newVideoId, type UploadId, type UserId, type VideoId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import type { StoragePaths } from '../media/layout.ts'
import type { SourceMedia, SourceVerdict } from '../pipeline/source.ts'
import { type ChannelStorage, quotaRefusal } from './broadcasts/channel-quota.ts'
import type { ChannelRecord, Channels } from './channels.ts'
import type { VideoVisibility } from './permissions.ts'

export interface NewUpload {
  readonly uploadId: UploadId
  readonly videoId: VideoId
  readonly channel: ChannelRecord
  /** As the client named it; shown, never used as a path. */
  readonly fileName: string
  /** Below STORAGE_DIR. */
  readonly path: string
  readonly bytes: number
  readonly source: SourceMedia
  readonly title: string
  readonly visibility: VideoVisibility
  /** SHA-256 of the file it was imported from, hexadecimal. */
  readonly importHash?: string
}

export interface UploadLedger {
  /** Upload and video as rows, and the work on them enqueued: one transaction. Throws AppError `conflict` when the channel has the `importHash` already. */
  record(upload: NewUpload): Promise<void>
  /** The video that was imported from a file with this hash. */
  findImported(channelId: ChannelId, importHash: string): Promise<VideoId | undefined>
  /** Which of these uploads have a row. */
  known(ids: readonly UploadId[]): Promise<ReadonlySet<string>>
}

/** Looks into a file. Throws AppError when ffprobe itself fails, not because of the file. */
export type SourceProbe = (file: string, signal: AbortSignal) => Promise<SourceVerdict>

export interface UploadsOptions {
  readonly ledger: UploadLedger
  readonly channels: Channels
  readonly probe: SourceProbe
  readonly paths: StoragePaths
  readonly storageOf: (channelId: ChannelId) => Promise<ChannelStorage | undefined>
  /** Of a channel without a quota of its own; 0: no limit. */
  readonly quotaBytes: number
  readonly maxUploadBytes: number
  readonly minFreeBytes: number
  readonly log: Logger
}

/** Who uploads, and what else of theirs is on its way. */
export interface Uploader {
  readonly userId: UserId
  readonly arrivingBytes?: number
}

/** A folder for one arriving file. */
export interface ArrivingUpload {
  readonly uploadId: UploadId
  readonly dir: string
  /** Absolute; within `dir`. */
  readonly file: string
}

/** What may follow `source` in a file's name: demuxers are told by content, people by the ending. */
export const KNOWN_ENDINGS: ReadonlySet<string> = new Set([
  '.mp4',
  '.m4v',
  '.mov',
  '.mkv',
  '.webm',
  '.flv',
  '.ts',
  '.m2ts',
  '.mts',
  '.avi',
  '.mpg',
  '.mpeg',
  '.wmv',
  '.ogv',
  '.3gp',
  '.mxf',
  '.gif',
  '.mp3',
  '.m4a',
  '.flac',
  '.ogg',
  '.opus',
  '.wav',
  '.aac',
  '.aiff',
])
const MAX_TITLE_LENGTH = 200

export class Uploads {
  readonly #options: UploadsOptions

  constructor(options: UploadsOptions) {
    this.#options = options
  }

  get maxUploadBytes(): number {
    return this.#options.maxUploadBytes
  }

  /**
   * Throws AppError `too-large`, `disk-full` or `quota-exceeded` before the first byte is taken. `expectedBytes` 0:
   * not known. Without an uploader no quota counts.
   */
  async checkRoom(expectedBytes: number, uploader?: Uploader): Promise<void> {
    const { maxUploadBytes, minFreeBytes, paths } = this.#options
    if (expectedBytes > maxUploadBytes) throw tooLarge(maxUploadBytes)
    const disk = await statfs(paths.root)
    if (disk.bavail * disk.bsize - expectedBytes < minFreeBytes) {
      throw new AppError('disk-full', 'There is not enough free disk space on the server for this upload.')
    }
    if (uploader) await this.#checkQuota(uploader.userId, expectedBytes + (uploader.arrivingBytes ?? 0))
  }

  async #checkQuota(userId: UserId, addedBytes: number): Promise<void> {
    const { channels, storageOf, quotaBytes } = this.#options
    // Who has no channel yet stores nothing: the first upload makes one.
    const [channel] = await channels.listOf(userId)
    const storage = (channel && (await storageOf(channel.id))) ?? { storedBytes: 0, quotaBytes: undefined }
    const refusal = quotaRefusal(storage, quotaBytes, addedBytes)
    if (refusal !== undefined) throw new AppError('quota-exceeded', refusal)
  }

  /** Makes the folder that `accept` or `discard` takes. */
  async begin(fileName: string): Promise<ArrivingUpload> {
    const uploadId = newId<UploadId>()
    const dir = this.#options.paths.upload(uploadId)
    await mkdir(dir, { recursive: true })
    const ending = path.extname(fileName).toLowerCase()
    return { uploadId, dir, file: path.join(dir, `source${KNOWN_ENDINGS.has(ending) ? ending : ''}`) }
  }

  /** The video that was made of this very file on the person's channel before. */
  async findImported(
    by: { readonly userId: UserId; readonly userName: string },
    importHash: string,
  ): Promise<VideoId | undefined> {
    const channel = await this.#options.channels.ensure(by.userId, by.userName)
    return await this.#options.ledger.findImported(channel.id, importHash)
  }

  async discard(upload: ArrivingUpload): Promise<void> {
    await rm(upload.dir, { recursive: true, force: true })
  }

  /**
   * The file is whole: looks into it and puts it into the catalogue. When this throws, the file is gone, now or at the next start.
   * Throws AppError `not-a-video` with a reason for a person.
   */
  async accept(
    upload: ArrivingUpload,
    by: { readonly userId: UserId; readonly userName: string },
    details: {
      readonly fileName: string
      readonly title: string
      readonly visibility: VideoVisibility
      readonly importHash?: string
    },
    signal: AbortSignal,
  ): Promise<VideoId> {
    const { ledger, channels, probe, paths, log } = this.#options
    let recording = false
    try {
      const { size } = await stat(upload.file)
      if (size === 0) throw new AppError('not-a-video', 'The file is empty.')
      // How large it would be was not always said before, and others may have come meanwhile.
      if (details.importHash === undefined) await this.#checkQuota(by.userId, size)
      const verdict = await probe(upload.file, signal)
      if (!verdict.isVideo) throw new AppError('not-a-video', verdict.reason)
      // Before the row says that we have it, the disk has it.
      await syncFile(upload.file)
      await syncFile(upload.dir)
      const channel = await channels.ensure(by.userId, by.userName)
      const videoId = newVideoId()
      recording = true
      await ledger.record({
        uploadId: upload.uploadId,
        videoId,
        channel,
        fileName: details.fileName.slice(-255),
        path: path.relative(paths.root, upload.file),
        bytes: size,
        source: verdict.media,
        title: details.title.slice(0, MAX_TITLE_LENGTH) || titleFrom(details.fileName),
        visibility: details.visibility,
        ...(details.importHash === undefined ? {} : { importHash: details.importHash }),
      })
      log.info({ uploadId: upload.uploadId, videoId, bytes: size }, 'upload accepted')
      return videoId
    } catch (error) {
      // A transaction that failed may have been committed all the same: the sweep at the next start knows.
      if (!recording) await this.discard(upload)
      log.info({ uploadId: upload.uploadId, reason: describeError(error) }, 'upload refused')
      throw error
    }
  }

  /** At start: folders of uploads that a crash cut off. Only before anything is accepted. */
  async sweep(): Promise<void> {
    const { ledger, paths, log } = this.#options
    await mkdir(paths.uploads, { recursive: true })
    const ids = (await readdir(paths.uploads)).filter((name) => /^[0-9a-f-]{36}$/.test(name)) as UploadId[]
    const known = await ledger.known(ids)
    for (const id of ids.filter((name) => !known.has(name))) {
      log.info({ uploadId: id }, 'cut-off upload removed')
      await rm(paths.upload(id), { recursive: true, force: true })
    }
  }
}

export function tooLarge(maxBytes: number): AppError {
  const shown = maxBytes >= 2 ** 30 ? `${Math.floor(maxBytes / 2 ** 30)} GiB` : `${maxBytes} bytes`
  return new AppError('too-large', `The file is larger than this server takes (${shown}).`, {
    fields: { maxBytes },
  })
}

/** "My holiday_2026.mp4" → "My holiday 2026". */
export function titleFrom(fileName: string): string {
  const base = path.basename(fileName.replaceAll('\\', '/'))
  const plain = base
    .slice(0, base.length - path.extname(base).length)
    .replace(/[_\s]+/g, ' ')
    .trim()
  return plain.slice(0, MAX_TITLE_LENGTH) || 'Untitled'
}

async function syncFile(file: string): Promise<void> {
  await using handle = await open(file, 'r')
  await handle.sync()
}
