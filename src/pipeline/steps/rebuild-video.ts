/**
 * Makes everything of a video again from what came in: the recording of its broadcast, or its uploaded
 * file. What was made before is forgotten first, so an attempt that was cut off anywhere begins anew.
 */
import { AppError } from '../../kernel/errors.ts'
import { mediaKeys } from '../../media/layout.ts'
import { PRIORITY } from '../job-kinds.ts'
import type { RunningJob } from '../queue.ts'
import { packageRecording } from './package-recording.ts'
import type { StepParts } from './step-parts.ts'

export function makeRebuildVideo(parts: StepParts): (job: RunningJob<'rebuild-video'>) => Promise<void> {
  return async ({ data: { videoId }, signal }) => {
    const { catalogue, planner, store, queue, logger } = parts
    const video = await catalogue.findVideo(videoId)
    if (!video) return
    if (video.state === 'live') {
      throw new AppError('conflict', 'The video is on air: it can be rebuilt when the broadcast has ended.')
    }
    if (!video.upload && !video.broadcastId) {
      throw new AppError(
        'media-corrupt',
        'There is neither a recording nor an uploaded file to rebuild it from.',
      )
    }
    await planner.forget(videoId)
    await catalogue.reopen(videoId)
    await store.remove(mediaKeys.video(videoId))
    logger.info({ videoId }, 'video is rebuilt')
    if (video.upload) {
      await queue.send([{ kind: 'process-upload', priority: PRIORITY.upload.lead, data: { videoId } }])
      return
    }
    if (video.broadcastId)
      await packageRecording(parts, { id: videoId, broadcastId: video.broadcastId }, signal)
  }
}
