/**
 * The timeline of an upload that cannot be played as it is: equal segments at a constant frame rate, as
 * long as the file really goes. Written whole at once; everything then exists as a promise.
 */
import path from 'node:path'
import { AppError } from '../../kernel/errors.ts'
import type { VideoId } from '../../kernel/ids.ts'
import { mediaKeys } from '../../media/layout.ts'
import {
  encodeTimelineEntry,
  type TimelineEntry,
  type TimelineInit,
  type TimelineSegment,
} from '../../packaging/timeline.ts'
import type { PipelineUpload } from '../catalogue.ts'
import { type FrameRate, fps, plannedFrameRate, planSegments } from '../chunk-plan.ts'
import { AAC_FRAME } from '../ffmpeg/audio-argv.ts'
import { type JobRequest, PRIORITY } from '../job-kinds.ts'
import { ENCODED_AUDIO } from '../ladder.ts'
import { planSounds } from '../plan-sounds.ts'
import { refusalOf } from '../plausible.ts'
import { type StreamExtent, scanStreams } from '../scan.ts'
import { mainAudio } from '../sound-tracks.ts'
import type { SourceMedia, SourceVideo } from '../source.ts'
import { readTimeline, type StepParts } from './step-parts.ts'

/** Sound that outlasts the pictures by less than this is cut; by more, the last picture stands still. */
const AUDIO_TAIL_SECONDS = 1

/** Throws AppError `media-corrupt` when the file holds no pictures after all. */
export async function planUpload(
  parts: StepParts,
  videoId: VideoId,
  upload: PipelineUpload,
  media: SourceMedia,
  signal: AbortSignal,
): Promise<void> {
  const { store, catalogue, planner, queue, logger } = parts
  const before = await readTimeline(store, videoId)
  if (!before?.ended) {
    const { extents, isDamaged } = await scanStreams(
      parts.tools,
      path.join(parts.storageDir, upload.path),
      signal,
    )
    const duration = playedSeconds(media, extents)
    const refusal = refusalOf(duration, media.video && extents.get(media.video.index), extents)
    if (refusal !== undefined) throw new AppError('media-corrupt', refusal)
    const { rate, segments } = media.video
      ? planPictures(media.video, duration, extents)
      : planSound(duration)
    if (segments.length === 0)
      throw new AppError(
        'media-corrupt',
        `The file holds no ${media.video ? 'pictures' : 'sound'}: it was probably cut off at its beginning.`,
      )
    // Before the timeline: with it the file is not looked through again.
    const originSeconds = soundOrigin(media, extents, fps(rate))
    await catalogue.plan(videoId, {
      ...planSounds(media, { mainPassed: false, originSeconds }),
      facts: { timelineKind: 'planned' },
    })
    const entries: TimelineEntry[] = [
      { kind: 'start', version: 1, timeline: 'planned' },
      describe(media, fps(rate)),
      ...segments,
      { kind: 'end', duration: (segments.at(-1)?.start ?? 0) + (segments.at(-1)?.duration ?? 0) },
    ]
    // What an attempt that was killed here left is replaced: the same file gives the same plan.
    await store.put(mediaKeys.timeline(videoId), Buffer.from(entries.map(encodeTimelineEntry).join('')))
    logger.info(
      { videoId, seconds: duration, frameRate: fps(rate), segments: segments.length },
      'timeline of an upload planned',
    )
    await noteShortfall(catalogue, videoId, media, duration)
    if (isDamaged) await catalogue.noteOnVideo(videoId, describeDamage(media, extents))
  }
  if (!media.video) await queue.send(picturesOfSound(videoId, media))
  await planner.completeTimeline(videoId)
}

/**
 * Pictures are shown at whole frames of the planned rate: one that comes a part of a frame after the file's
 * start (behind the priming of sound, for one) moves to the nearest. The sound moves with it.
 */
function soundOrigin(
  { video, startSeconds }: SourceMedia,
  extents: ReadonlyMap<number, StreamExtent>,
  rate: number,
): number {
  const first = video && extents.get(video.index)?.start
  if (first === undefined) return 0
  const begins = Math.max(0, first - startSeconds)
  return begins - Math.round(begins * rate) / rate
}

/** What is looked at while it is heard. */
function picturesOfSound(videoId: VideoId, { cover }: SourceMedia): readonly JobRequest[] {
  const soon = { priority: PRIORITY.brief, data: { videoId } }
  return [...(cover ? [{ kind: 'make-poster', ...soon } as const] : []), { kind: 'measure-sound', ...soon }]
}

interface PlannedTimeline {
  readonly rate: FrameRate
  readonly segments: readonly TimelineSegment[]
}

function planPictures(
  video: SourceVideo,
  seconds: number,
  extents: ReadonlyMap<number, StreamExtent>,
): PlannedTimeline {
  const rate = plannedFrameRate(plannedRateSource(video, extents))
  return { rate, segments: planSegments(Math.round(seconds * fps(rate)), rate) }
}

/** Segments of whole frames of AAC, so that each holds as much as it says. */
function planSound(seconds: number): PlannedTimeline {
  const rate = { num: ENCODED_AUDIO.sampleRate, den: AAC_FRAME }
  const segments = planSegments(Math.ceil(seconds * fps(rate)), rate)
  return { rate, segments: segments.map((segment) => ({ ...segment, frames: 0 })) }
}

/** Of one that ends too early as well, that is what is said. */
function describeDamage(media: SourceMedia, extents: ReadonlyMap<number, StreamExtent>): string {
  const holes = (media.video && extents.get(media.video.index)?.holes) ?? []
  const missing = holes.map(
    ({ at, seconds }) => `${seconds.toFixed(1)} s at ${(at - media.startSeconds).toFixed(0)} s`,
  )
  const where = missing.length > 0 ? ` Pictures are missing: ${missing.join(', ')}.` : ''
  return `The file is damaged in places. What can be read of it is shown, and there may be disturbances.${where}`
}

/** Says so when a file ends well before it claims to. */
export async function noteShortfall(
  catalogue: StepParts['catalogue'],
  videoId: VideoId,
  media: SourceMedia,
  seconds: number,
): Promise<void> {
  const claimed = media.durationSeconds
  if (claimed === undefined || !fallsShort(seconds, claimed)) return
  await catalogue.noteOnVideo(
    videoId,
    `The file says it lasts ${claimed.toFixed(0)} s but ends after ${seconds.toFixed(0)} s: it was cut off or is damaged. What is there is shown.`,
  )
}

export function fallsShort(seconds: number, of: number): boolean {
  return of - seconds >= Math.max(1, of * 0.02)
}

/** Seconds from the file's start to the end of its pictures, or of its sound when that goes on much longer. */
export function playedSeconds(media: SourceMedia, extents: ReadonlyMap<number, StreamExtent>): number {
  const end = (index: number | undefined) =>
    Math.max(0, (extents.get(index ?? -1)?.end ?? 0) - media.startSeconds)
  const sound = end(mainAudio(media)?.index)
  if (!media.video) return sound
  const pictures = end(media.video.index)
  if (pictures === 0) return 0
  return sound - pictures > AUDIO_TAIL_SECONDS ? sound : pictures
}

/** The average over what is really there says more than the header does. */
function plannedRateSource(video: SourceVideo, extents: ReadonlyMap<number, StreamExtent>) {
  const { frameRate, averageFrameRate, variableFrameRate } = video
  const extent = extents.get(video.index)
  const measured = extent && extent.end > extent.start ? extent.packets / (extent.end - extent.start) : 0
  return { nominal: frameRate, average: averageFrameRate || measured, variable: variableFrameRate }
}

function describe(media: SourceMedia, frameRate: number): TimelineInit {
  const { video } = media
  const audio = mainAudio(media)
  return {
    kind: 'init',
    init: 0,
    ...(video ? { video: { codec: 'avc1', width: video.width, height: video.height, frameRate } } : {}),
    ...(audio
      ? {
          audio: {
            codec: 'mp4a.40.2',
            channels: ENCODED_AUDIO.channels,
            sampleRate: ENCODED_AUDIO.sampleRate,
          },
        }
      : {}),
  }
}
