/** The pictures of one chunk, encoded into every rung asked for and cut at the timeline. */
import path from 'node:path'
import { AppError } from '../../kernel/errors.ts'
import type { VideoId } from '../../kernel/ids.ts'
import { mediaKeys, ORIGINAL } from '../../media/layout.ts'
import { writeCarriedPictures } from '../../packaging/carried-pictures-input.ts'
import { type ChunkInput, makeChunkInput } from '../../packaging/chunk-input.ts'
import { segmentEncoded } from '../../packaging/segment-encoded.ts'
import type { Timeline, TimelineSegment } from '../../packaging/timeline.ts'
import type { PipelineUpload } from '../catalogue.ts'
import { frameRateOf } from '../chunk-plan.ts'
import type { ComparedChunk } from '../ffmpeg/likeness-argv.ts'
import {
  encodeFiller,
  encodeMeasuredChunk,
  encodePlannedChunk,
  type MeasuredChunk,
  type PlannedChunk,
} from '../ffmpeg/video-argv.ts'
import type { Rung } from '../ladder.ts'
import { lastKeyframeBefore } from '../last-keyframe.ts'
import { readSource } from '../source.ts'
import { encodeRungs, type RungRun } from './encode-rungs.ts'
import { measureLikeness } from './measure-likeness.ts'
import type { StepParts } from './step-parts.ts'
import type { MadeSegments } from './store-segments.ts'

export interface VideoWork {
  readonly videoId: VideoId
  readonly upload: PipelineUpload | undefined
  readonly timeline: Timeline
  /** The chunk's. */
  readonly segments: readonly TimelineSegment[]
  readonly rungs: readonly Rung[]
  /** The attempt's own folder. */
  readonly dir: string
  /** Of the chunk, and which attempt this is. */
  readonly index: number
  readonly attempts: number
  /** A viewer waits: nothing is done that he does not need. */
  readonly isUrgent: boolean
  /** Take what can be had: damage in the source will not go away. */
  readonly isLastAttempt: boolean
  readonly signal: AbortSignal
  /** Seconds of the chunk that the encoder has made so far. */
  readonly onProgress?: (madeSeconds: number) => void
}

/** A boundary and a frame this near belong together: times pass through several time bases. Seconds. */
const TOLERANCE = 0.004

/** From the original's segments, or what is carried instead of them: every frame at its own time. */
export async function makeMeasuredSegments(
  parts: StepParts,
  work: VideoWork,
): Promise<readonly MadeSegments[]> {
  const { segments } = work
  const first = segments[0]
  if (!first) throw new Error('a chunk has at least one segment')
  const inputPath = path.join(work.dir, 'input.mp4')
  const carried = work.timeline.inits.find(({ init }) => init === first.init)?.carriedVideo
  const input = carried
    ? await writeCarriedPictures({ ...work, store: parts.store, carried, outputPath: inputPath })
    : await fromOriginal(parts, work, first, inputPath)
  const base = input.frames[0] ?? 0
  const starts = segments.map(({ start }) => start - first.start)
  // Counted anew: with open groups of pictures the timeline counts frames where they are stored, not where they are shown.
  const segmentFrames = starts.map((start, i) => {
    const end = starts[i + 1] ?? Number.POSITIVE_INFINITY
    return input.frames.filter((at) => at >= start - TOLERANCE && at < end - TOLERANCE).length
  })
  const chunk: MeasuredChunk = {
    ...target(parts, work),
    inputPath,
    picture: input,
    boundaries: starts.map((start) => start - base),
    segmentFrames,
    ...(input.cutAt === undefined ? {} : { cutAt: input.cutAt }),
  }
  const step = work.rungs[0]?.frameStep ?? 1
  const frames = segmentFrames.map((count) => Math.ceil(count / step))
  const made = await encodeRungs(parts, {
    ...rungWork(work),
    commandFor: (run) => encodeMeasuredChunk({ ...chunk, ...ofRun(work, run) }),
    cut: (configs) => cut(work, first.start + base, work.isLastAttempt ? undefined : frames, configs),
  })
  return likened(parts, work, { kind: 'measured', chunk }, made)
}

async function fromOriginal(
  { store }: StepParts,
  { videoId, timeline, segments }: VideoWork,
  first: TimelineSegment,
  outputPath: string,
): Promise<ChunkInput> {
  const need = async (key: ReturnType<typeof mediaKeys.segment>) => {
    const bytes = await store.read(key)
    if (!bytes) throw new AppError('media-corrupt', `The media store has lost ${key}.`)
    return bytes
  }
  const after = timeline.segments[(segments.at(-1) ?? first).number + 1]
  const next =
    after && !after.discontinuity && after.init === first.init
      ? await store.read(mediaKeys.segment(videoId, ORIGINAL, after.number))
      : undefined
  return makeChunkInput({
    init: await need(mediaKeys.init(videoId, ORIGINAL, first.init)),
    segments: await Promise.all(
      segments.map(({ number }) => need(mediaKeys.segment(videoId, ORIGINAL, number))),
    ),
    ...(next ? { next } : {}),
    startSeconds: first.start,
    outputPath,
  })
}

/** From the upload itself, at the constant rate the timeline was planned with. */
export async function makePlannedSegments(
  parts: StepParts,
  work: VideoWork,
): Promise<readonly MadeSegments[]> {
  const { upload, segments } = work
  const source = readSource(upload?.source)
  const first = segments[0]
  if (!upload || !source?.video || !first)
    throw new AppError('media-corrupt', 'The uploaded file of this video is not known any more.')
  const { video } = source
  const rate = frameRateOf(work.timeline.inits[0]?.video?.frameRate ?? work.rungs[0]?.frameRate ?? 30)
  const chunk: PlannedChunk = {
    ...target(parts, work),
    inputPath: path.join(parts.storageDir, upload.path),
    streamIndex: video.index,
    picture: video,
    interlaced: video.interlaced,
    hdr: video.hdr,
    rate,
    firstFrame: work.timeline.segments.slice(0, first.number).reduce((sum, { frames }) => sum + frames, 0),
    segmentFrames: segments.map(({ frames }) => frames),
    prerollSeconds: seeksToKeyframes(source.container) ? 1 : 8,
  }
  const frames = chunk.segmentFrames
  const make = async (from: PlannedChunk) => {
    const made = await encodeRungs(parts, {
      ...rungWork(work),
      commandFor: (run) => encodePlannedChunk({ ...from, ...ofRun(work, run) }),
      cut: (configs) => cut(work, first.start, frames, configs),
    })
    return likened(parts, work, { kind: 'planned', chunk: from }, made)
  }
  try {
    return await make(chunk).catch(async (error) => {
      work.signal.throwIfAborted()
      const held = await fromLastKeyframe(parts, work, chunk, source.startSeconds)
      if (!held) throw error
      return make(held)
    })
  } catch (error) {
    if (!work.isLastAttempt || work.signal.aborted) throw error
    parts.logger.warn(
      { videoId: work.videoId, start: first.start, err: error },
      'nothing of this part of the file can be decoded: black instead',
    )
    return encodeRungs(parts, {
      ...rungWork(work),
      commandFor: (run) => encodeFiller({ ...chunk, ...ofRun(work, run) }),
      cut: (configs) => cut(work, first.start, frames, configs),
    })
  }
}

/** The chunk, decoded from where its first picture comes from; undefined when it is already. */
async function fromLastKeyframe(
  { tools }: StepParts,
  { signal }: VideoWork,
  chunk: PlannedChunk,
  startSeconds: number,
): Promise<PlannedChunk | undefined> {
  const at = (chunk.firstFrame * chunk.rate.den) / chunk.rate.num + startSeconds
  const keyframe = await lastKeyframeBefore(tools, chunk.inputPath, chunk.streamIndex, at, signal)
  const prerollSeconds = keyframe === undefined ? 0 : at - keyframe + chunk.prerollSeconds
  return prerollSeconds > chunk.prerollSeconds + 0.1 ? { ...chunk, prerollSeconds } : undefined
}

async function likened(
  parts: StepParts,
  { rungs, index, attempts, isUrgent, signal }: VideoWork,
  compared: ComparedChunk,
  made: readonly MadeSegments[],
): Promise<readonly MadeSegments[]> {
  if (isUrgent) return made
  const likeness = await measureLikeness(parts, { compared, rungs, index, attempts, signal })
  return made.map((one) => {
    const ssim = likeness.get(one.rendition)
    return ssim === undefined ? one : { ...one, ssim }
  })
}

/** Containers with an index of keyframes; in the others a seek may land after the keyframe that is needed. */
function seeksToKeyframes(container: string): boolean {
  return /mov|matroska|avi|flv/.test(container)
}

function watched({ signal, onProgress }: VideoWork) {
  return { signal, ...(onProgress ? { onProgress } : {}) }
}

function target(parts: StepParts, work: VideoWork) {
  return {
    rungs: work.rungs,
    outputOf: (rung: Rung) => outputOf(work, rung),
    threads: parts.threads,
    dialect: parts.tools.dialect,
  }
}

function rungWork(work: VideoWork) {
  return {
    videoId: work.videoId,
    rungs: work.rungs,
    watched: watched(work),
    outputOf: (rung: Rung, trial?: boolean) => outputOf(work, rung, trial),
  }
}

function ofRun(work: VideoWork, { rungs, encoderOf, trial = false }: RungRun) {
  return {
    rungs,
    encoderOf,
    firstFrameOnly: trial,
    outputOf: (rung: Rung) => outputOf(work, rung, trial),
  }
}

function outputOf(work: VideoWork, rung: Rung, trial = false): string {
  return path.join(work.dir, trial ? `${rung.name}-trial.mp4` : `${rung.name}.mp4`)
}

async function cut(
  work: VideoWork,
  firstFrameAt: number,
  frames: readonly number[] | undefined,
  configs: ReadonlyMap<string, Uint8Array>,
): Promise<readonly MadeSegments[]> {
  const made: MadeSegments[] = []
  for (const rung of work.rungs) {
    const besides = configs.get(rung.name)
    const encoded = await segmentEncoded({
      input: outputOf(work, rung),
      kind: 'video',
      segments: work.segments,
      place: { by: 'first-packet', seconds: firstFrameAt },
      ...(frames ? { frames } : {}),
      ...(besides ? { besides } : {}),
    })
    made.push({ rendition: rung.name, encoded })
  }
  return made
}
