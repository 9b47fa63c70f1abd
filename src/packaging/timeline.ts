/**
 * The timeline of a video: its segments in order. Every rendition has exactly these segments, so a
 * player can change quality anywhere. Kept in the media store as `timeline.jsonl`: one JSON object
 * a line, appended as the video grows, never changed. Playlists are rendered from it.
 *
 *     {"kind":"start","version":1,"timeline":"measured"}
 *     {"kind":"init","init":0,"video":{…},"audio":{…}}      decoder configuration from here on
 *     {"kind":"segment","number":0,"init":0,"start":0,"duration":2,…}
 *     {"kind":"end","duration":20.02}                       nothing follows
 *
 * A last line without its newline was cut off by a crash and does not count.
 */
import type { ClockState } from '../recording/timestamp-repair.ts'
import type { CarriedAudio } from './carried-audio.ts'
import type { CarriedVideo } from './carried-video.ts'
import type { ByteRange } from './keyframe-range.ts'

/** A video track's decoder configuration, as the source has it. */
export interface VideoConfig {
  /** RFC 6381, such as "avc1.64001f". */
  readonly codec: string
  /** Displayed size in pixels (pixel aspect applied). */
  readonly width: number
  readonly height: number
  /** Nominal frames per second as far as it is known at the first segment. */
  readonly frameRate: number
}

export interface AudioConfig {
  /** RFC 6381, such as "mp4a.40.2". */
  readonly codec: string
  readonly channels: number
  readonly sampleRate: number
}

/** A new decoder configuration: `original/init-<init>.mp4`, `audio/init-<init>.mp4` when audio is passed through. */
export interface TimelineInit {
  readonly kind: 'init'
  readonly init: number
  /** Absent: the source has no video (or no audio) here. */
  readonly video?: VideoConfig
  readonly audio?: AudioConfig
  /** The source's sound is kept in pieces of its own, since browsers do not play it: `audio` is then encoded from them. */
  readonly carriedAudio?: CarriedAudio
  /** The same of its pictures: there is no original here, only what is encoded. */
  readonly carriedVideo?: CarriedVideo
}

export interface TimelineSegment {
  readonly kind: 'segment'
  /** 0, 1, 2 …; the segment's file is `<rendition>/<number>.m4s`. */
  readonly number: number
  readonly init: number
  /** Seconds since the beginning of the video, on the presentation clock; also the tfdt base of every rendition. */
  readonly start: number
  /** Seconds; start + duration is exactly the next segment's start. */
  readonly duration: number
  /** Frames of video in the segment. */
  readonly frames: number
  /** The source was interrupted, or its configuration changed, just before this segment. */
  readonly discontinuity: boolean
  /** Bytes of `original/<number>.m4s`; 0 in a planned timeline. */
  readonly videoBytes: number
  /** Where the first picture lies in that file; absent when it is no keyframe, in a planned timeline, and in old ones. */
  readonly keyframe?: ByteRange
  /** Bytes of `audio/<number>.m4s` when audio is passed through; else 0. */
  readonly audioBytes: number
  /** Where the log stands after this segment, so that packaging resumes here: recording part and byte offset of the next keyframe. */
  readonly log?: LogPosition & { readonly resume?: LogResume }
}

/** A tag in the recording: the part, and the byte offset of the tag in it. */
export interface LogPosition {
  readonly part: number
  readonly offset: number
}

export function isBefore(a: LogPosition, b: LogPosition): boolean {
  return a.part < b.part || (a.part === b.part && a.offset < b.offset)
}

export function earlier(a: LogPosition, b: LogPosition): LogPosition {
  return isBefore(a, b) ? a : b
}

/**
 * What packaging knew there, so that what follows comes out the same to the byte: the next audio tag,
 * the tags that configured the decoders, the clock (recording/timestamp-repair.ts) and audio's place
 * on it in samples. Absent: the source's session ends here.
 */
export interface LogResume {
  readonly audio: LogPosition
  readonly videoConfig?: LogPosition
  readonly audioConfig?: LogPosition
  readonly clock: ClockState
  readonly audioTicks?: number
  /** Where the audio of the segments so far ends, seconds. */
  readonly audioEnd?: number
}

export interface TimelineStart {
  readonly kind: 'start'
  readonly version: 1
  readonly timeline: 'measured' | 'planned'
}

export interface TimelineEnd {
  readonly kind: 'end'
  /** Seconds of all segments. */
  readonly duration: number
}

export type TimelineEntry = TimelineStart | TimelineInit | TimelineSegment | TimelineEnd

/** A timeline as read: growing while `ended` is false. */
export interface Timeline {
  readonly kind: 'measured' | 'planned'
  readonly inits: readonly TimelineInit[]
  readonly segments: readonly TimelineSegment[]
  readonly ended: boolean
  /** Seconds: the end of the last segment. */
  readonly duration: number
}

export function encodeTimelineEntry(entry: TimelineEntry): string {
  return `${JSON.stringify(entry)}\n`
}

/** Reads what was written whole; a cut last line is left out. Throws SyntaxError on a damaged whole line. */
export function parseTimeline(text: string): Timeline {
  let kind: Timeline['kind'] = 'measured'
  const inits: TimelineInit[] = []
  const segments: TimelineSegment[] = []
  let ended = false
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    if (line === '') continue
    const entry = JSON.parse(line) as TimelineEntry
    if (entry.kind === 'start') kind = entry.timeline
    else if (entry.kind === 'init') inits.push(entry)
    else if (entry.kind === 'segment') segments.push(entry)
    else ended = true
  }
  const last = segments.at(-1)
  return { kind, inits, segments, ended, duration: last ? last.start + last.duration : 0 }
}
