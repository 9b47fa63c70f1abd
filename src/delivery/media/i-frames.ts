/**
 * What of a video can be scrubbed through picture by picture: the keyframes of the original, as its timeline
 * tells where they lie, and of the lowest rung when all of it is made. One for each segment, or a gap;
 * videos that were made before this was written down have none.
 */
import type { RenditionRecord, VideoRecord } from '../../library/video-record.ts'
import type { ByteRange } from '../../packaging/keyframe-range.ts'
import type { Timeline, TimelineSegment } from '../../packaging/timeline.ts'
import type { Offer, OfferedVariant } from './playable-renditions.ts'

export interface IFrame {
  readonly segment: TimelineSegment
  /** Undefined: it does not begin with a keyframe, or nobody knows where that lies. */
  readonly range: ByteRange | undefined
}

export interface OfferedIFrames {
  readonly variant: OfferedVariant
  readonly frames: readonly IFrame[]
  /** Bits per second: the largest keyframe over its time, and all of them. */
  readonly bandwidth: number
  readonly averageBandwidth: number
}

/** Where the keyframes of an encoded rendition lie, in order; undefined unless all are made and known. database/chunk-keyframes.ts does it. */
export type FindKeyframes = (
  mediaId: VideoRecord['mediaId'],
  rendition: string,
) => Promise<readonly ByteRange[] | undefined>

const MAX_KEPT = 200

export type IFrameFinder = (
  video: VideoRecord,
  timeline: Timeline,
  offer: Offer,
) => Promise<readonly OfferedIFrames[]>

export function makeIFrameFinder(findKeyframes: FindKeyframes): IFrameFinder {
  const kept = new Map<string, Promise<readonly ByteRange[] | undefined>>()

  function ofRung(video: VideoRecord, row: RenditionRecord): Promise<readonly ByteRange[] | undefined> {
    // What is made anew has another size.
    const key = `${video.mediaId}/${row.name}/${row.bytes}`
    let found = kept.get(key)
    if (!found) {
      found = findKeyframes(video.mediaId, row.name)
      found.then(
        (ranges) => ranges ?? kept.delete(key),
        () => kept.delete(key),
      )
      kept.set(key, found)
      const oldest = kept.keys().next().value
      if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest)
    }
    return found
  }

  return async (video, timeline, offer) => {
    const found: OfferedIFrames[] = []
    const lowest = lowestReady(video)
    for (const variant of offer.variants) {
      const row = video.renditions.find(({ name }) => name === variant.name)
      const isOriginal = row === undefined || row.kind === 'original'
      if (!isOriginal && row !== lowest) continue
      const ranges = isOriginal
        ? timeline.segments.map(({ keyframe }) => keyframe)
        : // While the database is away, everything else plays on.
          ((await ofRung(video, row).catch(() => undefined)) ?? [])
      const frames = timeline.segments.map((segment, i) => ({ segment, range: ranges[i] }))
      const isWhole = isOriginal || ranges.length === frames.length
      if (isWhole && frames.some(({ range }) => range)) found.push({ variant, frames, ...rates(frames) })
    }
    return found
  }
}

function lowestReady(video: VideoRecord): RenditionRecord | undefined {
  const size = ({ width, height }: RenditionRecord) => (width ?? 0) * (height ?? 0)
  return video.renditions
    .filter(({ kind, state, codecs }) => kind === 'video' && state === 'ready' && codecs?.startsWith('avc1'))
    .toSorted((a, b) => size(a) - size(b))[0]
}

function rates(frames: readonly IFrame[]): { bandwidth: number; averageBandwidth: number } {
  let [bits, seconds, peak] = [0, 0, 0]
  for (const { range, segment } of frames) {
    if (!range) continue
    const { duration } = segment
    bits += range.bytes * 8
    seconds += duration
    if (duration > 0) peak = Math.max(peak, (range.bytes * 8) / duration)
  }
  return { bandwidth: Math.ceil(peak), averageBandwidth: Math.ceil(bits / (seconds || 1)) }
}
