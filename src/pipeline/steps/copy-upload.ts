/**
 * Copies the packets of an H.264 upload into segments, so that it plays at once; its timeline grows as a
 * broadcast's does, and its lower rungs are encoded behind it.
 */
import path from 'node:path'
import { packageUpload } from '../../packaging/package-upload.ts'
import type { TimelineInit, TimelineSegment } from '../../packaging/timeline.ts'
import type { PipelineUpload, PipelineVideo } from '../catalogue.ts'
import { planSounds } from '../plan-sounds.ts'
import { mainAudio } from '../sound-tracks.ts'
import type { SourceMedia } from '../source.ts'
import { noteShortfall } from './plan-upload.ts'
import type { StepParts } from './step-parts.ts'

/** False: its packets cannot be passed through after all, and nothing of it was left. */
export async function copyUpload(
  parts: StepParts,
  video: PipelineVideo,
  upload: PipelineUpload,
  media: SourceMedia,
  how: { readonly passAudio: boolean; readonly signal: AbortSignal },
): Promise<boolean> {
  const { store, catalogue, planner, logger } = parts
  const videoId = video.id
  const main = mainAudio(media)
  const planned: Promise<void>[] = []
  const grown = (entry: TimelineInit | TimelineSegment) => {
    // Rejections are looked at when copying is done; completing plans again what was missed.
    planned.push(
      planner
        .extendTimeline(videoId, entry)
        .catch((error) => logger.warn({ videoId, err: error }, 'a segment could not be planned yet')),
    )
  }
  const copied = await packageUpload({
    input: path.join(parts.storageDir, upload.path),
    video: videoId,
    store,
    passAudio: how.passAudio && main ? { nth: media.audio.indexOf(main), of: media.audio.length } : undefined,
    signal: how.signal,
    onInit: grown,
    onSegment: grown,
  })
  if (copied.outcome !== 'packaged') {
    await Promise.all(planned)
    await planner.forget(videoId)
    logger.info({ videoId, reason: copied.reason }, 'the upload cannot be passed through: it is encoded')
    return false
  }
  await Promise.all(planned)
  // ffmpeg takes the start of the file for 0, packaging does not.
  const originSeconds = copied.originSeconds - media.startSeconds
  await catalogue.plan(videoId, planSounds(media, { mainPassed: copied.audioPassed, originSeconds }))
  if (copied.truncated !== undefined)
    logger.warn({ videoId, reason: copied.truncated }, 'the upload could be read only in part')
  await noteShortfall(catalogue, videoId, media, copied.durationSeconds)
  await planner.completeTimeline(videoId)
  return true
}
