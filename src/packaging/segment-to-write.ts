/** What a timeline's writer is given, and what it tells. */
import type { MuxPacket } from './segment-muxer.ts'
import type { SourcePictures } from './segment-pictures.ts'
import type { SourceAudio } from './segment-sound.ts'
import type { TimelineInit, TimelineSegment } from './timeline.ts'

export interface SegmentToWrite {
  readonly start: number
  readonly end: number
  readonly video: SourcePictures | undefined
  readonly audio: SourceAudio | undefined
  readonly videoPackets: readonly MuxPacket[]
  readonly audioPackets: readonly MuxPacket[]
  /** The source was interrupted before this segment. */
  readonly interrupted: boolean
  /** What the source says of its rate, if anything. */
  readonly frameRate: number | undefined
  readonly log?: TimelineSegment['log']
  /** How long before it is shown a picture is decoded, seconds. */
  readonly delaySeconds: number
}

export interface TimelineEvents {
  /** After the line is in the timeline. */
  readonly onInit?: (init: TimelineInit) => void
  readonly onSegment?: (segment: TimelineSegment, init: TimelineInit) => void
}
