/**
 * The replay of a broadcast that is over, from its recording: goes on from where its timeline stands.
 * For what could not be packaged while it was on air, and for what is made anew.
 */
import type { BroadcastId, VideoId } from '../../kernel/ids.ts'
import { packageBroadcast } from '../../packaging/package-broadcast.ts'
import type { TimelineInit, TimelineSegment } from '../../packaging/timeline.ts'
import type { StepParts } from './step-parts.ts'

/** Rejects with the signal's reason, or when the store or the recording cannot be read or written. */
export async function packageRecording(
  { catalogue, planner, store, logger, recordingOf }: StepParts,
  video: { readonly id: VideoId; readonly broadcastId: BroadcastId },
  signal: AbortSignal,
): Promise<void> {
  const grown = (entry: TimelineInit | TimelineSegment) => {
    // Completing plans again what was missed.
    planner
      .extendTimeline(video.id, entry)
      .catch((error: unknown) =>
        logger.warn({ videoId: video.id, err: error }, 'a segment could not be planned yet'),
      )
  }
  const packaged = await packageBroadcast({
    log: recordingOf(video.broadcastId),
    video: video.id,
    store,
    signal,
    onInit: grown,
    onSegment: grown,
  })
  signal.throwIfAborted()
  if (packaged.segments === 0) {
    const codecs = packaged.leftOut.map(({ codec }) => codec).join(', ')
    const detail = `The recording holds nothing that can be shown as it is${codecs ? ` (${codecs})` : ''}.`
    await catalogue.failVideo(video.id, 'unplayable-codec', detail)
    return
  }
  await planner.completeTimeline(video.id)
}
