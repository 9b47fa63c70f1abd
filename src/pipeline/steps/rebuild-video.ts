/**
 * Makes everything of a video again from what came in: the recording of its broadcast, or its uploaded file.
 * It is made beside what there is, which goes on being shown until the new is whole (database/editions.ts).
 * An attempt that was cut off anywhere is gone on with.
 */
import { access } from 'node:fs/promises'
import path from 'node:path'
import type { PipelineVideo } from '../catalogue.ts'
import { PRIORITY } from '../job-kinds.ts'
import { JobGivenUp, type RunningJob } from '../queue.ts'
import { packageRecording } from './package-recording.ts'
import type { StepParts } from './step-parts.ts'

export function makeRebuildVideo(parts: StepParts): (job: RunningJob<'rebuild-video'>) => Promise<void> {
  return async ({ data: { videoId }, signal }) => {
    const { catalogue, queue, logger } = parts
    const edition = await catalogue.beginEdition(videoId)
    const video = edition && (await catalogue.findVideo(edition))
    if (!video) throw new JobGivenUp('The video is on air or gone: it can be made again when it has ended.')
    if (!(await hasSource(parts, video))) {
      const detail = 'What it would be made from, its recording or uploaded file, is gone.'
      await catalogue.failVideo(video.id, 'media-corrupt', detail)
      throw new JobGivenUp(detail)
    }
    logger.info({ videoId, edition }, 'video is made again')
    if (video.upload) {
      await queue.send([
        { kind: 'process-upload', priority: PRIORITY.upload.lead, data: { videoId: video.id } },
      ])
    } else if (video.broadcastId) {
      await packageRecording(parts, { id: video.id, broadcastId: video.broadcastId }, signal)
    }
  }
}

async function hasSource({ storageDir, recordingOf }: StepParts, video: PipelineVideo): Promise<boolean> {
  if (video.broadcastId) return (await recordingOf(video.broadcastId).nextPart(0)) !== undefined
  if (!video.upload) return false
  return access(path.join(storageDir, video.upload.path)).then(
    () => true,
    () => false,
  )
}
