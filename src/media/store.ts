/**
 * The media store: immutable files under final names, and logs that grow. The file system stands
 * behind it (file-store.ts); an object store can.
 */
import type { Readable } from 'node:stream'
import type { MediaKey } from './layout.ts'

export interface MediaStat {
  readonly bytes: number
  readonly modifiedAt: Date
}

export interface MediaStore {
  /**
   * Whole or not at all: written aside, synced, renamed. Writing the same key again replaces it with equal content.
   * A list is written as one, its parts one behind the other.
   */
  put(key: MediaKey, content: Uint8Array | readonly Uint8Array[]): Promise<void>
  /** Moves a finished local file in, whole or not at all. */
  putFile(key: MediaKey, localPath: string): Promise<void>
  /** Adds to the end of a growing file; resolves when readers see it. One writer at a time. */
  append(key: MediaKey, content: Uint8Array): Promise<void>
  /** Cuts a growing file to `bytes`: only for repair after a crash. */
  truncate(key: MediaKey, bytes: number): Promise<void>
  /** The whole content; undefined when there is none. */
  read(key: MediaKey): Promise<Buffer | undefined>
  stat(key: MediaKey): Promise<MediaStat | undefined>
  /** `end` is exclusive. Throws AppError `not-found`. */
  stream(key: MediaKey, range?: { readonly start: number; readonly end: number }): Promise<Readable>
  /** A path on this machine where the content can be read, when there is one: for sendfile and ffmpeg. */
  localPath(key: MediaKey): string | undefined
  /** Removes a key and everything below it; nothing there is no error. */
  remove(key: MediaKey): Promise<void>
}
