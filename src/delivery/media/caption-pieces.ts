/**
 * Captions as HLS wants them: pieces of WebVTT along the video's own segments, a few of those in each, so that
 * they end where the pictures do and a discontinuity is one in both. RFC 8216 §3.5; pure.
 */
import { renderMediaPlaylist } from '../../formats/hls/media-playlist.ts'
import type { Timeline, TimelineSegment } from '../../packaging/timeline.ts'

/** As long as segments may be in a growing playlist: the target duration is the same. */
const PIECE_SECONDS = 10

export interface CaptionPiece {
  readonly start: number
  readonly end: number
  readonly discontinuity: boolean
}

/** Of a growing timeline only those that will not grow any more. */
export function planPieces({ segments, ended }: Timeline): readonly CaptionPiece[] {
  const pieces: CaptionPiece[] = []
  let open: TimelineSegment[] = []
  const close = () => {
    const [first, last] = [open[0], open.at(-1)]
    if (first && last)
      pieces.push({
        start: first.start,
        end: last.start + last.duration,
        discontinuity: first.discontinuity,
      })
    open = []
  }
  for (const segment of segments) {
    const start = open[0]?.start ?? segment.start
    if (segment.discontinuity || segment.start + segment.duration - start > PIECE_SECONDS + 1e-6) close()
    open.push(segment)
  }
  if (ended) close()
  return pieces
}

export function renderCaptionPlaylist(timeline: Timeline): string {
  return renderMediaPlaylist({
    segments: planPieces(timeline).map(({ start, end, discontinuity }, number) => ({
      uri: `${number}.vtt`,
      duration: end - start,
      discontinuity,
    })),
    ended: timeline.ended,
    ...(!timeline.ended && { targetDuration: PIECE_SECONDS }),
  })
}
