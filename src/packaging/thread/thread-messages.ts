/**
 * What is said between whoever has broadcasts packaged and the thread that does it. A run is one call of
 * `packageBroadcast`; the log it reads is known to the other side, so it asks for what it has to wait for.
 *
 *     →  package            the run begins             →  stop     its signal has fired
 *     ←  next-part, beyond  asks                       →  answer   to the ask of that number
 *     ←  init, segment      what was written           ←  packaged, failed   the run is over
 */
import type { VideoId } from '../../kernel/ids.ts'
import type { PackagedBroadcast } from '../package-broadcast.ts'
import type { TimelineInit, TimelineSegment } from '../timeline.ts'

/** A part of a log as far as it was known when it was told of. */
export interface ToldPart {
  readonly part: number
  readonly file: string
  readonly foreign: boolean
  /** Absent: it is complete. */
  readonly growth?: ToldGrowth
}

export interface ToldGrowth {
  readonly bytes: number
  readonly ended: boolean
}

export type ToPackagingThread =
  | { readonly kind: 'package'; readonly run: number; readonly video: VideoId }
  | { readonly kind: 'stop'; readonly run: number }
  | {
      readonly kind: 'answer'
      readonly run: number
      readonly ask: number
      readonly part?: ToldPart
      readonly growth?: ToldGrowth
    }

export type FromPackagingThread =
  | { readonly kind: 'next-part'; readonly run: number; readonly ask: number; readonly part: number }
  | {
      readonly kind: 'beyond'
      readonly run: number
      readonly ask: number
      readonly part: number
      readonly bytes: number
      readonly groups: boolean
    }
  | { readonly kind: 'init'; readonly run: number; readonly init: TimelineInit }
  | {
      readonly kind: 'segment'
      readonly run: number
      readonly segment: TimelineSegment
      readonly init: TimelineInit
    }
  | { readonly kind: 'packaged'; readonly run: number; readonly packaged: PackagedBroadcast }
  | { readonly kind: 'failed'; readonly run: number; readonly error: ToldError }

/** What of an error goes through a message. */
export interface ToldError {
  readonly message: string
  readonly stack: string | undefined
  /** Of AppError, or the system's. */
  readonly code: string | undefined
  readonly fields: Readonly<Record<string, unknown>>
}
