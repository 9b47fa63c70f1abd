/**
 * Makes one chunk of some renditions: claim the rows, decode once, encode every rung, cut at
 * the timeline, verify, put the segments in the store, and only then say so in the rows.
 *
 * Killed anywhere, it has changed nothing but files nobody refers to, which the next attempt writes
 * again. Two at once: the rows are claimed by one; who lost the lease finds its result refused.
 */
import { AppError, describeError, isDiskFull } from '../../kernel/errors.ts'
import { newId, type VideoId } from '../../kernel/ids.ts'
import type { ClaimedChunk } from '../catalogue.ts'
import { LEASE_MS, MAX_CHUNK_ATTEMPTS, MAX_CHUNK_DEATHS } from '../chunk-states.ts'
import { VIDEO_CODECS } from '../codec-levels.ts'
import { JobGivenUp, type RunningJob } from '../queue.ts'
import { makeAudioSegments } from './audio-segments.ts'
import { type ChunkLease, keepLease } from './chunk-lease.ts'
import { openAttemptDir, readTimeline, type StepParts } from './step-parts.ts'
import { type MadeSegments, storeSegments } from './store-segments.ts'
import { makeMeasuredSegments, makePlannedSegments, type VideoWork } from './video-segments.ts'

/** Before another attempt, doubled with each: a little less than the queue waits before it gives the job another turn. */
const RETRY_MS = 800
/** Before something that has to wait is looked at again; what is next is made meanwhile. */
const NO_FAULT_RETRY_MS = 5_000

/** For a viewer who waits: this very chunk. */
export function makeEncodeNow(parts: StepParts): (job: RunningJob<'encode-now'>) => Promise<void> {
  return async ({ data: { videoId, index, renditions }, signal }) => {
    const attemptId = newId()
    const { claimed, failures } = await parts.chunks.claim(videoId, index, renditions, attemptId, LEASE_MS)
    if (claimed.length > 0) return makeClaimed(parts, { videoId, claimed, attemptId, signal, isUrgent: true })
    // Made already, or another attempt is at it. What has failed for good must not look done.
    if (failures[0] !== undefined) throw new JobGivenUp(failures[0])
  }
}

/**
 * One turn of an encoder: whatever is next, when there is room for it. Which chunk the job was sent for does not
 * matter: there are as many jobs as chunks, and nothing to do finds only who has more turns than there are.
 */
export function makeEncodeChunk(parts: StepParts): (job: RunningJob<'encode-chunk'>) => Promise<void> {
  return async ({ signal }) => {
    await parts.room.enter(signal)
    for (;;) {
      signal.throwIfAborted()
      const attemptId = newId()
      const next = await parts.chunks.claimNext(attemptId, LEASE_MS)
      if (!next) return
      const { videoId, claimed } = next
      // None: cancelled between the look and the grasp.
      if (claimed.length > 0)
        return makeClaimed(parts, { videoId, claimed, attemptId, signal, isUrgent: false })
    }
  }
}

interface ClaimedWork {
  readonly videoId: VideoId
  readonly claimed: readonly ClaimedChunk[]
  readonly attemptId: string
  readonly signal: AbortSignal
  /** A viewer waits for it. */
  readonly isUrgent: boolean
}

async function makeClaimed(parts: StepParts, work: ClaimedWork): Promise<void> {
  const { videoId, claimed, attemptId, signal } = work
  await using lease = keepLease(parts, attemptId, signal)
  const problems: { readonly error: unknown; readonly final: boolean }[] = []
  for (const group of groupWork(claimed)) {
    try {
      await makeGroup(parts, work, group, lease)
    } catch (error) {
      const waits = signal.aborted || isNoFault(error)
      const final = !waits && group.every(isExhausted)
      problems.push({ error, final })
      await giveBack(parts, videoId, group, attemptId, error, signal)
    }
  }
  if (problems.length === 0) return
  if (problems.every(({ final }) => final)) throw new JobGivenUp(describeError(problems[0]?.error))
  throw problems.find(({ final }) => !final)?.error
}

/** All rungs of a codec in one decode; after a failure each by itself, so that a bad one does not take the others along. */
function groupWork(claimed: readonly ClaimedChunk[]): readonly (readonly ClaimedChunk[])[] {
  const audio = claimed.filter(({ settings }) => settings.kind === 'audio').map((chunk) => [chunk])
  const video = claimed.filter(({ settings }) => settings.kind === 'video')
  const together = video.every(({ attempts }) => attempts === 1)
  // H.264 does not wait for the codecs that take much longer.
  const byCodec = VIDEO_CODECS.map((codec) =>
    video.filter(({ settings }) => settings.kind === 'video' && (settings.codec ?? 'h264') === codec),
  ).filter((group) => group.length > 0)
  // Sound first: it is a moment's work, and every quality needs it.
  return [...audio, ...(together ? byCodec : video.map((chunk) => [chunk]))]
}

async function makeGroup(
  parts: StepParts,
  { videoId, attemptId, isUrgent }: ClaimedWork,
  group: readonly ClaimedChunk[],
  lease: ChunkLease,
): Promise<void> {
  const { signal } = lease
  signal.throwIfAborted()
  const first = group[0]
  if (!first) return
  if (first.deaths >= MAX_CHUNK_DEATHS)
    throw new AppError('encode-failed', 'The worker died each time it tried to make this part.')
  const [video, timeline] = await Promise.all([
    parts.catalogue.findVideo(videoId),
    readTimeline(parts.store, videoId),
  ])
  if (!video || !timeline) throw new AppError('media-corrupt', 'The timeline of the video is missing.')
  const { firstSegment, segmentCount } = first.range
  const segments = timeline.segments.slice(firstSegment, firstSegment + segmentCount)
  if (segments.length !== segmentCount) {
    // An upload whose copying was interrupted is copied anew, from its beginning.
    if (!video.timelineComplete) throw new AppError('not-ready', 'The upload is being copied once more.')
    throw new AppError('media-corrupt', 'The timeline is shorter than what was planned from it.')
  }

  await using dir = await openAttemptDir(parts.tmpDir, 'chunk')
  const isLastAttempt = first.attempts >= MAX_CHUNK_ATTEMPTS
  const onProgress = lease.begin(first.range.durationSeconds)
  let made: readonly MadeSegments[]
  if (first.settings.kind === 'audio') {
    made = [
      await makeAudioSegments(parts, {
        videoId,
        upload: video.upload,
        timeline,
        settings: first.settings,
        rendition: first.rendition,
        segments,
        dir: dir.path,
        signal,
      }),
    ]
  } else {
    const rungs = group.flatMap(({ settings }) => (settings.kind === 'video' ? [settings] : []))
    const work: VideoWork = {
      videoId,
      upload: video.upload,
      timeline,
      segments,
      rungs,
      dir: dir.path,
      index: first.range.index,
      attempts: first.attempts,
      isUrgent,
      isLastAttempt,
      signal,
      onProgress,
    }
    made = await (timeline.kind === 'measured'
      ? makeMeasuredSegments(parts, work)
      : makePlannedSegments(parts, work))
  }
  for (const chunk of group) {
    const result = made.find(({ rendition }) => rendition === chunk.rendition)
    if (!result) throw new Error(`nothing was made for ${chunk.rendition}`)
    signal.throwIfAborted()
    const stored = await storeSegments(parts.store, videoId, result, chunk.begun)
    if (!(await parts.chunks.complete(videoId, chunk.id, attemptId, stored))) {
      parts.logger.warn(
        { videoId, rendition: chunk.rendition, index: chunk.range.index },
        'chunk was taken over by another attempt',
      )
    }
  }
}

function isExhausted({ attempts, deaths }: ClaimedChunk): boolean {
  return attempts >= MAX_CHUNK_ATTEMPTS || deaths >= MAX_CHUNK_DEATHS
}

async function giveBack(
  parts: StepParts,
  videoId: VideoId,
  group: readonly ClaimedChunk[],
  attemptId: string,
  error: unknown,
  stopping: AbortSignal,
): Promise<void> {
  const reason = describeError(error)
  const stderr = error instanceof AppError ? error.fields.stderr : undefined
  const log = typeof stderr === 'string' && stderr !== '' ? stderr : undefined
  for (const chunk of group) {
    const { id, attempts } = chunk
    if (stopping.aborted) await parts.chunks.release(id, attemptId, undefined)
    else if (isNoFault(error))
      await parts.chunks.release(id, attemptId, undefined, { afterMs: NO_FAULT_RETRY_MS })
    else if (isExhausted(chunk)) await parts.chunks.fail(videoId, id, attemptId, reason, log)
    else await parts.chunks.release(id, attemptId, reason, { afterMs: RETRY_MS * 2 ** (attempts - 1), log })
  }
  parts.logger.warn(
    {
      videoId,
      index: group[0]?.range.index,
      renditions: group.map(({ rendition }) => rendition),
      err: error,
      stderr,
    },
    'chunk was not made',
  )
}

/** Nothing is wrong with the chunk: it has to wait, for as long as it takes, and no attempt counts. */
function isNoFault(error: unknown): boolean {
  return (error instanceof AppError && error.code === 'not-ready') || isDiskFull(error)
}
