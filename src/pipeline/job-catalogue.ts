/**
 * The pipeline's work as people see it; implemented by database/job-catalogue.ts. Of encoding that is the chunks
 * themselves, one job for each chunk of each rendition, whatever the queue holds; and what viewers wait for.
 */
import type { UserId, VideoId } from '../kernel/ids.ts'
import type { JobKind } from './job-kinds.ts'

export type JobState = 'waiting' | 'running' | 'retrying' | 'done' | 'failed' | 'cancelled'

export interface JobRecord {
  readonly id: string
  readonly kind: JobKind
  readonly videoId: VideoId | null
  readonly videoTitle: string | null
  /** In words: "480p, seconds 20 to 30". */
  readonly subject: string
  readonly state: JobState
  readonly priority: number
  readonly attempts: number
  /** Why it failed or is tried again, in words. */
  readonly reason: string | null
  /** The last lines that the encoder wrote before it failed. */
  readonly log: string | null
  /** Why it does not go on, in words: while it waits, and while it is held up. */
  readonly why: string | null
  /** While an encoder is at it: 0 to 100, seconds of video in a second, and seconds left. */
  readonly percent: number | null
  readonly speed: number | null
  readonly secondsLeft: number | null
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
}

export interface JobQuery {
  /** Only of this person's videos. */
  readonly ownerId?: UserId
  readonly videoId?: VideoId
  readonly state?: JobState
  readonly cursor?: string
  readonly limit: number
}

export interface JobCatalogue {
  /** Newest first. Throws AppError `bad-request` for a cursor that is none of ours. */
  list(query: JobQuery): Promise<{ readonly items: readonly JobRecord[]; readonly nextCursor: string | null }>
  /** How many there are of each kind in each state; of chunks only those that are not made: the others are without number. */
  count(): Promise<readonly { readonly kind: string; readonly state: JobState; readonly jobs: number }[]>
  find(id: string): Promise<JobRecord | undefined>
  /** What is being done at this moment, at most so many. Cheap: asked for every second while somebody looks. */
  running(limit: number): Promise<readonly JobRecord[]>
  /** A failed or cancelled job runs again, with fresh attempts. Throws AppError `not-found` or `conflict`. */
  retry(id: string): Promise<void>
  /** A waiting or running job stops for good. Throws AppError `not-found` or `conflict`. */
  cancel(id: string): Promise<void>
  /** Everything of a video stops for good; before it is deleted. Returns whether a worker was still at it. */
  cancelAll(videoId: VideoId): Promise<boolean>
}
