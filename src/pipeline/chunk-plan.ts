/**
 * Cuts a timeline into chunks, and plans the timeline of a source whose own keyframes cannot be used.
 * Pure. A chunk is a run of consecutive segments that is encoded in one go, a few seconds of work:
 *
 *     segments  |0 |1 |2 |3 |4 |5 ‖6 |7 |8 |      ‖ discontinuity, or another decoder configuration
 *     chunks    |     0     | 1   ‖    2   |      closes at 8 s or more, and before ‖
 *
 * A viewer at the live edge cannot wait for the chunk to fill: then every segment is one by itself.
 */
import type { TimelineSegment } from '../packaging/timeline.ts'

/** A chunk that holds this much closes when the next segment is there. */
export const CHUNK_SECONDS = 8
/** Length aimed at by the segments of a planned timeline. */
export const PLANNED_SEGMENT_SECONDS = 4

/** The same range of segments in every rendition of the video. Seconds since the beginning of the video. */
export interface ChunkRange {
  readonly index: number
  readonly firstSegment: number
  readonly segmentCount: number
  readonly startSeconds: number
  readonly durationSeconds: number
}

/** The row after the last one: where cutting goes on. */
export interface ChunkFrontier {
  readonly nextIndex: number
  readonly nextSegment: number
}

export const NO_CHUNKS: ChunkFrontier = { nextIndex: 0, nextSegment: 0 }

export interface CutOptions {
  /** The timeline has ended: what is left is the last chunk. */
  readonly ended: boolean
  /** Chunks before this are made or planned; `segments` may begin before it. */
  readonly from?: ChunkFrontier
  /** Somebody follows the live edge in an encoded quality: every segment is a chunk as soon as it is there. */
  readonly short?: boolean
}

/** The chunks that close, and the segments left for the next one. */
export interface ChunkCut {
  readonly closed: readonly ChunkRange[]
  readonly open: readonly TimelineSegment[]
}

export function planChunks(segments: readonly TimelineSegment[], options: CutOptions): ChunkCut {
  const { ended, from = NO_CHUNKS, short = false } = options
  const closed: ChunkRange[] = []
  let open: TimelineSegment[] = []
  const close = () => {
    if (open.length > 0) closed.push(rangeOf(from.nextIndex + closed.length, open))
    open = []
  }
  for (const segment of segments) {
    if (segment.number < from.nextSegment) continue
    const before = open.at(-1)
    if (before && (segment.discontinuity || segment.init !== before.init)) close()
    // Only now: its encoder looks into the segment behind, which may lend pictures (packaging/chunk-input.ts).
    if (secondsOf(open) >= CHUNK_SECONDS - 1e-6) close()
    open.push(segment)
    if (short) close()
  }
  if (ended) close()
  return { closed, open }
}

/** Where cutting goes on after these. */
export function frontierAfter(closed: readonly ChunkRange[], before: ChunkFrontier): ChunkFrontier {
  const last = closed.at(-1)
  return last ? { nextIndex: last.index + 1, nextSegment: last.firstSegment + last.segmentCount } : before
}

function secondsOf(segments: readonly TimelineSegment[]): number {
  const [first, last] = [segments[0], segments.at(-1)]
  return first && last ? last.start + last.duration - first.start : 0
}

function rangeOf(index: number, segments: readonly TimelineSegment[]): ChunkRange {
  const first = segments[0]
  const last = segments.at(-1)
  if (!first || !last) throw new Error('a chunk has at least one segment')
  return {
    index,
    firstSegment: first.number,
    segmentCount: segments.length,
    startSeconds: first.start,
    durationSeconds: last.start + last.duration - first.start,
  }
}

/** Frames per second as a fraction: 30000/1001 has no exact decimal. */
export interface FrameRate {
  readonly num: number
  readonly den: number
}

export const fps = (rate: FrameRate): number => rate.num / rate.den

const STANDARD_RATES: readonly FrameRate[] = [
  { num: 10, den: 1 },
  { num: 12, den: 1 },
  { num: 15, den: 1 },
  { num: 20, den: 1 },
  { num: 24_000, den: 1001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30_000, den: 1001 },
  { num: 30, den: 1 },
  { num: 48, den: 1 },
  { num: 50, den: 1 },
  { num: 60_000, den: 1001 },
  { num: 60, den: 1 },
]

/**
 * The constant frame rate of a planned timeline. A constant source keeps its own (the standard one it
 * stands for: containers round), a variable one gets the nearest standard rate to its average;
 * above 60 it is halved until it is not.
 */
export function plannedFrameRate(source: {
  readonly nominal: number
  readonly average: number
  readonly variable: boolean
}): FrameRate {
  let wanted = source.variable ? source.average || source.nominal : source.nominal || source.average
  if (!Number.isFinite(wanted) || wanted <= 0) wanted = 25
  while (wanted > 60.5) wanted /= 2
  // A picture every twenty seconds is shown twenty times: segments stay short, and each still begins on time.
  if (wanted < 1) wanted *= Math.ceil(1 / wanted)
  const nearest = STANDARD_RATES.reduce((best, rate) =>
    Math.abs(fps(rate) - wanted) < Math.abs(fps(best) - wanted) ? rate : best,
  )
  // 29.97 and 30 lie 1 in 1000 apart: nearer than half of that is the standard rate itself.
  if (Math.abs(fps(nearest) - wanted) / wanted < 0.0006) return nearest
  if (source.variable && wanted >= 9) return nearest
  return { num: Math.max(1, Math.round(wanted * 1000)), den: 1000 }
}

/** Equal segments of whole frames for `totalFrames` at a constant rate; the last is what is left. */
export function planSegments(totalFrames: number, rate: FrameRate): readonly TimelineSegment[] {
  const perSegment = Math.max(1, Math.round((PLANNED_SEGMENT_SECONDS * rate.num) / rate.den))
  const at = (frame: number) => (frame * rate.den) / rate.num
  const segments: TimelineSegment[] = []
  for (let frame = 0; frame < totalFrames; frame += perSegment) {
    const frames = Math.min(perSegment, totalFrames - frame)
    const start = at(frame)
    segments.push({
      kind: 'segment',
      number: segments.length,
      init: 0,
      start,
      duration: at(frame + frames) - start,
      frames,
      discontinuity: false,
      videoBytes: 0,
      audioBytes: 0,
    })
  }
  return segments
}

/** The fraction a planned frame rate stands for, from its decimal value: the inverse of `fps(plannedFrameRate(…))`. */
export function frameRateOf(value: number): FrameRate {
  return (
    STANDARD_RATES.find((rate) => Math.abs(fps(rate) - value) < 1e-6) ?? {
      num: Math.max(1, Math.round(value * 1000)),
      den: 1000,
    }
  )
}
