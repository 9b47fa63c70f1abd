/**
 * Copies the packets of an H.264 upload into segments, so that it plays at once; its timeline grows as a
 * broadcast's does, and its lower rungs are encoded behind it.
 */
import path from 'node:path'
import { forgetPackaged, packageUpload } from '../../packaging/package-upload.ts'
import type { TimelineInit, TimelineSegment } from '../../packaging/timeline.ts'
import type { PipelineUpload, PipelineVideo } from '../catalogue.ts'
import { planSounds } from '../plan-sounds.ts'
import { scanStreams } from '../scan.ts'
import { mainAudio } from '../sound-tracks.ts'
import type { SourceMedia } from '../source.ts'
import { fallsShort, noteShortfall, playedSeconds } from './plan-upload.ts'
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
  const file = path.join(parts.storageDir, upload.path)
  const passAudio =
    how.passAudio && main ? { nth: media.audio.indexOf(main), of: media.audio.length } : undefined
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
    input: file,
    video: videoId,
    store,
    passAudio,
    pictures: media.video?.place,
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
  if (copied.truncated !== undefined || fallsShort(copied.durationSeconds, media.durationSeconds ?? 0)) {
    // ffmpeg finds its way behind damage that our reader stops at: then all that is left is encoded.
    const { extents } = await scanStreams(parts.tools, file, how.signal)
    if (fallsShort(copied.durationSeconds, playedSeconds(media, extents))) {
      await planner.forget(videoId)
      await forgetPackaged({ store, video: videoId, passAudio })
      logger.info({ videoId, reason: copied.truncated }, 'more of the upload can be encoded than copied')
      return false
    }
  }
  // ffmpeg takes the start of the file for 0, packaging does not.
  const originSeconds = copied.originSeconds - media.startSeconds
  await catalogue.plan(videoId, planSounds(media, { mainPassed: copied.audioPassed, originSeconds }))
  await noteShortfall(catalogue, videoId, media, copied.durationSeconds)
  if (copied.truncated !== undefined) {
    logger.warn({ videoId, reason: copied.truncated }, 'the upload could be read only in part')
    const seconds = copied.durationSeconds.toFixed(0)
    await catalogue.noteOnVideo(
      videoId,
      `The file can be read for ${seconds} s: it breaks off there or is damaged. What is there is shown.`,
    )
  }
  await planner.completeTimeline(videoId)
  return true
}
