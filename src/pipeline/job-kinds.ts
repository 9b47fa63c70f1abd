/**
 * The kinds of jobs, what each carries, and how each is treated by the queue. A job is only a request:
 * what is to be made, and whether it is made, stands in the catalogue's rows. Every handler may run
 * twice, at once, or be killed anywhere, and changes nothing that was already right.
 */
import type { VideoId } from '../kernel/ids.ts'

export interface JobData {
  /** Decide how an uploaded file is played, then copy it or plan its encoding. */
  readonly 'process-upload': { readonly videoId: VideoId }
  /** Make everything of a video again from its recording or its uploaded file. */
  readonly 'rebuild-video': { readonly videoId: VideoId }
  /** Package the rest of a broadcast that ended while the media store or the database refused. */
  readonly 'complete-replay': { readonly videoId: VideoId }
  /** Make one chunk of the named renditions. */
  readonly 'encode-chunk': {
    readonly videoId: VideoId
    readonly index: number
    readonly renditions: readonly string[]
  }
  /** The same for a viewer who waits: by an encoder that is kept free for it. */
  readonly 'encode-now': JobData['encode-chunk']
  readonly 'make-poster': { readonly videoId: VideoId }
  /** Measure what was made and say that the video is ready. */
  readonly 'finish-video': { readonly videoId: VideoId }
}

export type JobKind = keyof JobData

export type JobRequest = {
  [Kind in JobKind]: {
    readonly kind: Kind
    readonly data: JobData[Kind]
    readonly priority: number
    /** A UUID, to withdraw it by. */
    readonly id?: string
  }
}[JobKind]

export interface JobKindRules {
  /** Share of the worker's concurrency: encoders take all of it, what only copies has its own. */
  readonly concurrency: 'encoders' | number
  /** Attempts after the first. */
  readonly retryLimit: number
  readonly retryDelaySeconds: number
  readonly expireSeconds: number
  /** How long it is remembered when it is done. */
  readonly keepSeconds: number
}

const DAY = 24 * 3600

/** Chunks count their own attempts in their rows; the queue's limit only has to be above it. */
export const JOB_KINDS = {
  'process-upload': {
    concurrency: 1,
    retryLimit: 4,
    retryDelaySeconds: 2,
    expireSeconds: DAY,
    keepSeconds: 3 * DAY,
  },
  'rebuild-video': {
    concurrency: 1,
    retryLimit: 4,
    retryDelaySeconds: 2,
    expireSeconds: DAY,
    keepSeconds: 3 * DAY,
  },
  // Until there is room: at most a minute apart.
  'complete-replay': {
    concurrency: 1,
    retryLimit: 100_000,
    retryDelaySeconds: 2,
    expireSeconds: DAY,
    keepSeconds: 3 * DAY,
  },
  'encode-chunk': {
    concurrency: 'encoders',
    retryLimit: 8,
    retryDelaySeconds: 1,
    // It may have to wait for room on the disk.
    expireSeconds: DAY,
    keepSeconds: 3 * DAY,
  },
  // One for each few seconds that somebody watches as they happen.
  'encode-now': {
    concurrency: 'encoders',
    retryLimit: 8,
    retryDelaySeconds: 1,
    expireSeconds: 600,
    keepSeconds: 3600,
  },
  'make-poster': {
    concurrency: 1,
    retryLimit: 3,
    retryDelaySeconds: 2,
    expireSeconds: 600,
    keepSeconds: 3 * DAY,
  },
  'finish-video': {
    concurrency: 1,
    retryLimit: 8,
    retryDelaySeconds: 2,
    expireSeconds: 600,
    keepSeconds: 3 * DAY,
  },
} as const satisfies Record<JobKind, JobKindRules>

export const ALL_JOB_KINDS = Object.keys(JOB_KINDS) as JobKind[]

/** Larger is sooner. A viewer who waits comes first, then what is on air, then what just was, then uploads. */
export const PRIORITY = {
  viewer: 900,
  live: { lead: 600, rest: 500 },
  replay: { lead: 400, rest: 300 },
  upload: { lead: 200, rest: 100 },
  /** A moment of work that others wait for. */
  brief: 800,
} as const

/** Room below each of them for the order within. */
const STEPS = 99

/**
 * Of equal urgency the video of which least is made comes first, so that a long one, or many of one creator,
 * does not keep everybody else's waiting. `index`: of the chunk.
 */
export function chunkPriority(priority: number, index: number): number {
  return priority - Math.min(STEPS, index)
}

export type Urgency = 'live' | 'replay' | 'upload'
