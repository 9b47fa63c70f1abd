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
  /**
   * Make whatever chunk is next. One is sent for each chunk that is planned, and says of which; with an encoder
   * free it is only as many turns as there are chunks (docs/decisions/0017).
   */
  readonly 'encode-chunk': {
    readonly videoId: VideoId
    readonly index: number
    readonly renditions: readonly string[]
  }
  /** Make this very chunk, for a viewer who waits: by an encoder that is kept free for it. */
  readonly 'encode-now': JobData['encode-chunk']
  readonly 'make-poster': { readonly videoId: VideoId }
  /** Small pictures for the seek bar, as far as the timeline goes; and the moving one for cards. */
  readonly 'make-storyboard': { readonly videoId: VideoId }
  /** Text tracks and chapters of an uploaded file, and captions hidden in the pictures of a broadcast. */
  readonly 'find-captions': { readonly videoId: VideoId }
  /** Speech to text, by the program that is set for it. */
  readonly 'recognise-speech': { readonly videoId: VideoId; readonly language: string }
  /** Listen to the whole: waveform, loudness, and a sound of even loudness where that is set. */
  readonly 'measure-sound': { readonly videoId: VideoId }
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
  // Two, so that a file of hours, or one that waits for room, does not hold up the others.
  'process-upload': {
    concurrency: 2,
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
    // What became of the chunk stands in its row.
    keepSeconds: 600,
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
  'make-storyboard': {
    concurrency: 1,
    retryLimit: 3,
    retryDelaySeconds: 5,
    // It may have to wait for room on the disk.
    expireSeconds: DAY,
    keepSeconds: 3 * DAY,
  },
  'find-captions': {
    concurrency: 1,
    retryLimit: 3,
    retryDelaySeconds: 5,
    expireSeconds: DAY,
    keepSeconds: 3 * DAY,
  },
  'recognise-speech': {
    concurrency: 1,
    retryLimit: 1,
    retryDelaySeconds: 5,
    expireSeconds: DAY,
    keepSeconds: 3 * DAY,
  },
  'measure-sound': {
    concurrency: 1,
    retryLimit: 3,
    retryDelaySeconds: 5,
    expireSeconds: DAY,
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

/**
 * Larger is sooner. A viewer who waits comes first; then, of every video, its lowest rung and its sound: what is
 * on air, what just was, uploads; then the other rungs in the same order; and at last what is made again.
 * Chunks are taken in this order by what the rows say when an encoder is free (database/encode-order.ts): there
 * these figures are only shown.
 */
export const PRIORITY = {
  viewer: 900,
  /** A moment of work that others wait for. */
  brief: 800,
  live: { lead: 700, rest: 400 },
  replay: { lead: 600, rest: 300 },
  upload: { lead: 500, rest: 200 },
  backfill: { lead: 100, rest: 50 },
  /** What belongs beside the pictures: storyboard, captions, loudness. */
  beside: 20,
} as const

export type Urgency = 'live' | 'replay' | 'upload'
