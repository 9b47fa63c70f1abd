/** What the library needs from the database about videos; implemented by database/videos.ts. */
import type { BroadcastId, ChannelId, UploadId, VideoId } from '../kernel/ids.ts'
import type { Chapter } from './chapters.ts'
import type { VideoFilter, VideoVisibility } from './permissions.ts'
import type { VideoCursor, VideoSort } from './video-cursor.ts'
import type { VideoRecord } from './video-record.ts'

export interface VideoSearch {
  /** Who may see what. */
  readonly filter: VideoFilter
  /** Every word must be in the title, the description or a tag. */
  readonly words: readonly string[]
  /** Handle or id. */
  readonly channel?: string | undefined
  readonly tag?: string | undefined
  readonly state?: VideoRecord['state'] | undefined
  readonly sort: VideoSort
  readonly after?: VideoCursor | undefined
  readonly limit: number
}

export interface VideoEdit {
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly tags?: readonly string[] | undefined
  readonly visibility?: VideoVisibility | undefined
  /** Null: those of the description or the file again. */
  readonly chapters?: readonly Chapter[] | null | undefined
}

/** A deleted video whose files may still be there. */
export interface DeletedVideo {
  readonly id: VideoId
  readonly broadcastId: BroadcastId | null
  readonly uploadId: UploadId | null
  readonly editions: readonly VideoId[]
}

/** Media that are no longer shown: of a video that shows an edition (`isOwn`), or of an edition. */
export interface SupersededMedia {
  readonly id: VideoId
  readonly isOwn: boolean
  readonly renditions: readonly string[]
}

/** Deleted videos are found by none of these but `listDeleted` and `erase`, editions by none but the last two. */
export interface VideoStore {
  search(search: VideoSearch): Promise<readonly VideoRecord[]>
  find(id: VideoId): Promise<VideoRecord | undefined>
  /** The channel's video on air. */
  findLive(channelId: ChannelId): Promise<VideoRecord | undefined>
  /** False: there is no such video. */
  edit(id: VideoId, edit: VideoEdit): Promise<boolean>
  /** Out of the catalogue at once. False: it was not there. */
  markDeleted(id: VideoId, at: Date): Promise<boolean>
  listDeleted(limit: number): Promise<readonly DeletedVideo[]>
  /** The row and everything that hangs on it. */
  erase(id: VideoId): Promise<void>
  /** Superseded before then. */
  listSuperseded(before: Date, limit: number): Promise<readonly SupersededMedia[]>
  /** When their files are gone. */
  forgetSuperseded(id: VideoId): Promise<void>
}
