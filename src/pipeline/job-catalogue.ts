/** The pipeline's jobs as people see them; implemented by database/job-catalogue.ts. */
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
  /** How many there are of each kind in each state. */
  count(): Promise<readonly { readonly kind: string; readonly state: JobState; readonly jobs: number }[]>
  find(id: string): Promise<JobRecord | undefined>
  /** A failed or cancelled job runs again, with fresh attempts. Throws AppError `not-found` or `conflict`. */
  retry(id: string): Promise<void>
  /** A waiting or running job stops for good. Throws AppError `not-found` or `conflict`. */
  cancel(id: string): Promise<void>
  /** Everything of a video stops for good; before it is deleted. Returns whether a worker was still at it. */
  cancelAll(videoId: VideoId): Promise<boolean>
}
