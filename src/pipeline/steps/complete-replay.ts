/**
 * Completes the replay of a broadcast that ended while the media store or the database refused. Tried
 * for as long as it takes: the recording is whole, so the replay is only late.
 */
import type { RunningJob } from '../queue.ts'
import { packageRecording } from './package-recording.ts'
import type { StepParts } from './step-parts.ts'

export function makeCompleteReplay(parts: StepParts): (job: RunningJob<'complete-replay'>) => Promise<void> {
  return async ({ data: { videoId }, signal }) => {
    const video = await parts.catalogue.findVideo(videoId)
    // Done meanwhile, deleted, or on air again as far as anybody knows.
    if (!video?.broadcastId || video.state !== 'processing' || video.timelineComplete) return
    await packageRecording(parts, { id: videoId, broadcastId: video.broadcastId }, signal)
  }
}
