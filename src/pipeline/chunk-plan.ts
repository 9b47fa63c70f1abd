/**
 * Cuts a timeline into chunks, and plans the timeline of a source whose own keyframes cannot be used.
 * Pure. A chunk is a run of consecutive segments that is encoded in one go, a few seconds of work:
 *
 *     segments  |0 |1 |2 |3 |4 |5 ‖6 |7 |8 |      ‖ discontinuity, or another decoder configuration
 *     chunks    |     0     | 1   ‖    2   |      closes at 8 s or more, and before ‖
 */
import type { TimelineSegment } from '../packaging/timeline.ts'

/** A chunk closes as soon as it holds this much. */
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

/** Where the cutting stands: segments not yet in a closed chunk. */
export interface OpenChunk {
  readonly nextIndex: number
  readonly segments: readonly TimelineSegment[]
}

export const NO_CHUNK: OpenChunk = { nextIndex: 0, segments: [] }

/** Takes the next segment; returns the chunks it closed (none, one, or two around a lone segment). */
export function addSegment(
  open: OpenChunk,
  segment: TimelineSegment,
): readonly [OpenChunk, readonly ChunkRange[]] {
  const closed: ChunkRange[] = []
  let { nextIndex, segments } = open
  const before = segments.at(-1)
  if (before && (segment.discontinuity || segment.init !== before.init)) {
    closed.push(rangeOf(nextIndex, segments))
    nextIndex += 1
    segments = []
  }
  segments = [...segments, segment]
  const first = segments[0] ?? segment
  if (segment.start + segment.duration - first.start >= CHUNK_SECONDS - 1e-6) {
    closed.push(rangeOf(nextIndex, segments))
    nextIndex += 1
    segments = []
  }
  return [{ nextIndex, segments }, closed]
}

/** The timeline has ended: what is left is the last chunk. */
export function closeLast(open: OpenChunk): readonly ChunkRange[] {
  return open.segments.length === 0 ? [] : [rangeOf(open.nextIndex, open.segments)]
}

export function planChunks(
  segments: readonly TimelineSegment[],
  ended: boolean,
): readonly [OpenChunk, readonly ChunkRange[]] {
  const all: ChunkRange[] = []
  let open: OpenChunk = NO_CHUNK
  for (const segment of segments) {
    const [next, closed] = addSegment(open, segment)
    open = next
    all.push(...closed)
  }
  if (!ended) return [open, all]
  return [NO_CHUNK, [...all, ...closeLast(open)]]
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
