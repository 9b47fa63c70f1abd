/** Decides how an uploaded file is played, then has it copied into segments or plans its encoding. */
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError, describeError } from '../../kernel/errors.ts'
import type { PipelineVideo } from '../catalogue.ts'
import { choosePlayback } from '../playback-choice.ts'
import { probeSource } from '../probe.ts'
import { JobGivenUp, type RunningJob } from '../queue.ts'
import { readSource, type SourceMedia } from '../source.ts'
import { copyUpload } from './copy-upload.ts'
import { planUpload } from './plan-upload.ts'
import { readTimeline, type StepParts } from './step-parts.ts'

export function makeProcessUpload(parts: StepParts): (job: RunningJob<'process-upload'>) => Promise<void> {
  return async ({ data: { videoId }, signal, isLastAttempt }) => {
    const video = await parts.catalogue.findVideo(videoId)
    if (!video?.upload || video.timelineComplete) return
    try {
      await process(parts, video, signal)
    } catch (error) {
      // What the file is will not change: only what went wrong around it is worth another attempt.
      const hopeless = error instanceof AppError && error.code === 'media-corrupt'
      if (!signal.aborted && (hopeless || isLastAttempt)) {
        // Copying that failed took back what it had written: what was planned of it is void.
        if (!(await readTimeline(parts.store, videoId))?.ended) await parts.planner.forget(videoId)
        await parts.catalogue.failVideo(
          videoId,
          hopeless ? 'media-corrupt' : 'encode-failed',
          describeError(error),
        )
      }
      throw hopeless ? new JobGivenUp(describeError(error)) : error
    }
  }
}

async function process(parts: StepParts, video: PipelineVideo, signal: AbortSignal): Promise<void> {
  const { upload, id: videoId } = video
  if (!upload) return
  const media =
    readSource(upload.source) ?? (await look(parts, path.join(parts.storageDir, upload.path), signal))
  const choice = choosePlayback(media)
  const begun = await readTimeline(parts.store, videoId)
  parts.logger.info(
    { videoId, timeline: choice.timeline, why: choice.why, encodeAudio: choice.encodeAudio },
    'upload is processed',
  )
  if (choice.timeline === 'measured' && begun?.kind !== 'planned') {
    // Its segments take about as much once more.
    const { size } = await stat(path.join(parts.storageDir, upload.path))
    await parts.room.admit?.('process-upload', videoId, size, signal)
    const copied = await copyUpload(parts, video, upload, media, { passAudio: !choice.encodeAudio, signal })
    if (copied) return
  }
  await planUpload(parts, videoId, upload, media, signal)
}

async function look(parts: StepParts, file: string, signal: AbortSignal): Promise<SourceMedia> {
  const verdict = await probeSource(parts.tools, file, signal)
  if (!verdict.isVideo) throw new AppError('media-corrupt', verdict.reason)
  return verdict.media
}
