/**
 * A media playlist of fragmented MP4 segments: growing (EVENT, nothing is ever removed) or ended (VOD).
 * Or of their keyframes alone, each a byte range of its segment.
 * Spec: RFC 8216 §4.3.2, §4.3.3, §4.4.4 (draft-pantos-hls-rfc8216bis-16 for EXT-X-GAP)
 */
import { oneLine, renderAttributes } from './attributes.ts'

export interface MediaPlaylistSegment {
  readonly uri: string
  /** Seconds. */
  readonly duration: number
  /** URI of the init segment; EXT-X-MAP is written where it is another one than before. Absent: what needs none, such as WebVTT. */
  readonly map?: string
  readonly discontinuity?: boolean
  /** There is no such file and there never will be. */
  readonly gap?: boolean
  /** Of the file, only this. RFC 8216 §4.3.2.2 */
  readonly range?: { readonly offset: number; readonly bytes: number }
}

export interface MediaPlaylist {
  readonly segments: readonly MediaPlaylistSegment[]
  /** Nothing will be added. */
  readonly ended: boolean
  /** Each segment is a single keyframe: for scrubbing. RFC 8216 §4.3.3.6 */
  readonly iFramesOnly?: boolean
  /** Target duration to say while there are no segments, or at least; seconds. It must not grow, so a growing playlist gives what it may come to. */
  readonly targetDuration?: number
}

const VERSION = 7

export function renderMediaPlaylist(playlist: MediaPlaylist): string {
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${VERSION}`,
    `#EXT-X-TARGETDURATION:${targetDuration(playlist)}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-PLAYLIST-TYPE:${playlist.ended ? 'VOD' : 'EVENT'}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...(playlist.iFramesOnly ? ['#EXT-X-I-FRAMES-ONLY'] : []),
  ]
  let map: string | undefined
  for (const [index, segment] of playlist.segments.entries()) {
    const discontinuity = segment.discontinuity === true && index > 0
    if (discontinuity) lines.push('#EXT-X-DISCONTINUITY')
    // After a discontinuity it is said again: some players forget it there.
    if (segment.map !== undefined && (segment.map !== map || discontinuity))
      lines.push(`#EXT-X-MAP:${renderAttributes({ URI: segment.map })}`)
    map = segment.map
    if (segment.gap) lines.push('#EXT-X-GAP')
    lines.push(`#EXTINF:${renderSeconds(segment.duration)},`)
    if (segment.range) lines.push(`#EXT-X-BYTERANGE:${segment.range.bytes}@${segment.range.offset}`)
    lines.push(oneLine(segment.uri))
  }
  if (playlist.ended) lines.push('#EXT-X-ENDLIST')
  return `${lines.join('\n')}\n`
}

/** Rounded up, although the specification lets half a second be lost: some players refuse what is longer than they were told. */
function targetDuration({ segments, targetDuration: least = 1 }: MediaPlaylist): number {
  const longest = segments.reduce((seconds, segment) => Math.max(seconds, segment.duration), 0)
  // Microseconds of rounding are no further second.
  return Math.max(1, Math.ceil(least), Math.ceil(longest - 1e-4))
}

/** Six decimals, so that the sum over a long recording stays right. */
function renderSeconds(seconds: number): string {
  return seconds.toFixed(6).replace(/0{1,3}$/, '')
}
