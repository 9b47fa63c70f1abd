/**
 * Says that a video is ready: when its timeline is complete and no chunk is open any more. Everything
 * is derived from the rows and the timeline; nothing is counted along the way that could drift.
 */
import { AppError } from '../../kernel/errors.ts'
import { AUDIO_RENDITION } from '../../media/layout.ts'
import type { Timeline } from '../../packaging/timeline.ts'
import type { ChunkRecord, RenditionMeasure, RenditionRecord } from '../catalogue.ts'
import { isSettled } from '../chunk-states.ts'
import { PRIORITY } from '../job-kinds.ts'
import type { RunningJob } from '../queue.ts'
import { readTimeline, type StepParts } from './step-parts.ts'

export function makeFinishVideo(parts: StepParts): (job: RunningJob<'finish-video'>) => Promise<void> {
  return async ({ data: { videoId } }) => {
    const [video, renditions, chunks, timeline] = await Promise.all([
      parts.catalogue.findVideo(videoId),
      parts.catalogue.renditions(videoId),
      parts.chunks.list(videoId),
      readTimeline(parts.store, videoId),
    ])
    if (!video?.timelineComplete || !timeline) return
    // Another job comes with the last of them.
    if (chunks.some(({ state }) => !isSettled(state))) return
    const measures = renditions.map((rendition) => measureRendition(rendition, chunks, timeline))
    if (measures.includes('incomplete')) {
      await parts.planner.catchUp(videoId)
      throw new AppError('not-ready', 'Parts of the video were not planned; they are now.')
    }
    const whole = measures.filter((measure) => measure !== 'incomplete')
    const soundAlone = timeline.inits.every((init) => !init.video)
    const sounds = new Set(renditions.filter(({ kind }) => kind === 'audio').map(({ name }) => name))
    const watchable = whole.some(({ state, name }) => state === 'ready' && (soundAlone || !sounds.has(name)))
    if (watchable && timeline.segments.length > 0) {
      await parts.catalogue.finish(videoId, whole, { ready: true, durationSeconds: timeline.duration })
      // Of what cannot be passed through there are pictures only now; of the rest most of it stands.
      const beside = { priority: PRIORITY.beside, data: { videoId } }
      await parts.queue.send([
        ...(soundAlone ? [] : [{ kind: 'make-storyboard', ...beside } as const]),
        ...(sounds.size === 0 || video.hasWaveform ? [] : [{ kind: 'measure-sound', ...beside } as const]),
      ])
    } else {
      const detail =
        whole.find(({ failure }) => failure)?.failure ?? 'There is nothing in it that can be shown.'
      await parts.catalogue.finish(videoId, whole, { ready: false, code: 'encode-failed', detail })
    }
  }
}

/** `incomplete`: the rendition's chunks do not cover the timeline. */
export function measureRendition(
  rendition: RenditionRecord,
  chunks: readonly ChunkRecord[],
  timeline: Timeline,
): RenditionMeasure | 'incomplete' {
  const { name } = rendition
  if (!rendition.settings) {
    const sizes = timeline.segments.map((segment) => ({
      bytes: name === AUDIO_RENDITION ? segment.audioBytes : segment.videoBytes,
      seconds: segment.duration,
    }))
    const bytes = sizes.reduce((sum, size) => sum + size.bytes, 0)
    const peak = sizes.reduce(
      (most, size) => Math.max(most, size.seconds > 0 ? (size.bytes * 8) / size.seconds : 0),
      0,
    )
    return {
      name,
      state: 'ready',
      bytes,
      bandwidth: Math.ceil(peak),
      averageBandwidth: average(bytes, timeline),
    }
  }
  const own = chunks.filter((chunk) => chunk.rendition === name)
  const failed = own.find(({ state }) => state === 'failed')
  if (failed)
    return {
      name,
      state: 'failed',
      failure: rendition.failure ?? failed.failure ?? 'A part of it could not be made.',
    }
  const covered = own.reduce((sum, { range }) => sum + range.segmentCount, 0)
  if (covered !== timeline.segments.length) return 'incomplete'
  if (own.some(({ state }) => state === 'deferred')) return { name, state: 'planned' }
  const bytes = own.reduce((sum, chunk) => sum + chunk.bytes, 0)
  const samples = own.flatMap(({ ssim }) => ssim ?? [])
  return {
    name,
    state: 'ready',
    bytes,
    // Of chunks made before they were counted nothing is known.
    ...(own.every(({ frames }) => frames !== undefined) && {
      frames: own.reduce((sum, { frames = 0 }) => sum + frames, 0),
    }),
    ...(samples.length > 0 && {
      likeness: {
        mean: samples.reduce((sum, ssim) => sum + ssim, 0) / samples.length,
        lowest: Math.min(...samples),
      },
    }),
    bandwidth: own.reduce((most, chunk) => Math.max(most, chunk.peakBandwidth), 0),
    averageBandwidth: average(bytes, timeline),
  }
}

/** Over what there is: a timeline may begin after 0. */
function average(bytes: number, { segments }: Timeline): number {
  const seconds = segments.reduce((sum, { duration }) => sum + duration, 0)
  return seconds > 0 ? Math.ceil((bytes * 8) / seconds) : 0
}
