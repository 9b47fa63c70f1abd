/**
 * Copies the packets of an H.264 upload into segments, so that it plays at once; its timeline grows as a
 * broadcast's does, and its lower rungs are encoded behind it.
 */
import path from 'node:path'
import { packageUpload } from '../../packaging/package-upload.ts'
import type { TimelineInit, TimelineSegment } from '../../packaging/timeline.ts'
import type { PipelineUpload, PipelineVideo } from '../catalogue.ts'
import { remuxToMatroska } from '../ffmpeg/remux-argv.ts'
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts'
import { planRenditions } from '../plan-renditions.ts'
import type { SourceMedia } from '../source.ts'
import { noteShortfall } from './plan-upload.ts'
import { openAttemptDir, type StepParts } from './step-parts.ts'

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
  const file = path.join(parts.storageDir, upload.path)
  const planned: Promise<void>[] = []
  const grown = (entry: TimelineInit | TimelineSegment) => {
    // Rejections are looked at when copying is done; completing plans again what was missed.
    planned.push(
      planner
        .extendTimeline(videoId, entry)
        .catch((error) => logger.warn({ videoId, err: error }, 'a segment could not be planned yet')),
    )
  }
  const copy = (input: string) =>
    packageUpload({
      input,
      video: videoId,
      store,
      passAudio: how.passAudio,
      signal: how.signal,
      onInit: grown,
      onSegment: grown,
    })

  await using dir = await openAttemptDir(parts.tmpDir, 'remux')
  let copied = await copy(file)
  // Where the copied packets' clock is 0, as ffmpeg counts: it takes the start of the file for 0, packaging does not.
  let clockStart = media.startSeconds
  if (copied.outcome === 'needs-remux') {
    const remuxed = path.join(dir.path, 'source.mkv')
    try {
      await runFfmpeg(parts.tools, remuxToMatroska(file, remuxed, media), { signal: how.signal })
    } catch (error) {
      how.signal.throwIfAborted()
      logger.info(
        { videoId, err: error, reason: copied.reason },
        'the upload cannot be copied: it is encoded',
      )
      return false
    }
    clockStart = 0
    copied = await copy(remuxed)
  }
  if (copied.outcome !== 'packaged') {
    await Promise.all(planned)
    await planner.forget(videoId)
    logger.info({ videoId, reason: copied.reason }, 'the upload cannot be passed through: it is encoded')
    return false
  }
  await Promise.all(planned)
  if (media.audio.length > 0 && !copied.audioPassed) {
    const originSeconds = copied.originSeconds - clockStart
    await catalogue.plan(videoId, {
      renditions: planRenditions('measured', {}, { encodeAudio: true, originSeconds }),
    })
  }
  if (copied.truncated !== undefined)
    logger.warn({ videoId, reason: copied.truncated }, 'the upload could be read only in part')
  await noteShortfall(catalogue, videoId, media, copied.durationSeconds)
  await planner.completeTimeline(videoId)
  return true
}
