/** A picture that stands for the video: what its creator chose, else the first good one of a few. */
import { AppError } from '../../kernel/errors.ts'
import type { VideoId } from '../../kernel/ids.ts'
import { mediaKeys, ORIGINAL } from '../../media/layout.ts'
import { hasClosedCaptions } from '../../packaging/closed-captions.ts'
import { makePosterMaker } from '../poster/poster-maker.ts'
import type { RunningJob } from '../queue.ts'
import { readTimeline, type StepParts } from './step-parts.ts'

export function makePosterStep(parts: StepParts): (job: RunningJob<'make-poster'>) => Promise<void> {
  const maker = makePosterMaker(parts)
  return async ({ data: { videoId }, signal }) => {
    const [video, timeline] = await Promise.all([
      parts.catalogue.findVideo(videoId),
      readTimeline(parts.store, videoId),
    ])
    if (!video || !timeline || video.hasPoster || timeline.segments.length === 0) return
    await lookForCaptions(parts, videoId)
    const choice = await parts.catalogue.posterChoice(videoId)
    const picture =
      choice?.kind === 'picture' ? choice.picture : await moment(choice?.seconds, timeline.duration)
    await parts.catalogue.posterMade(videoId, await maker.store(videoId, picture, signal))

    /** What was chosen may not be there yet; and if it cannot be decoded now, another picture can. */
    async function moment(seconds: number | undefined, duration: number): Promise<Buffer> {
      if (seconds !== undefined && seconds < duration) {
        try {
          return await maker.fromVideo(videoId, seconds, signal)
        } catch (error) {
          if (!(error instanceof AppError && error.code === 'encode-failed')) throw error
        }
      }
      return maker.fromVideo(videoId, undefined, signal)
    }
  }
}

/** In the first segment already, so that a player's menu has them on air. */
async function lookForCaptions({ catalogue, store }: StepParts, videoId: VideoId): Promise<void> {
  const first = await store.read(mediaKeys.segment(videoId, ORIGINAL, 0))
  if (first && hasClosedCaptions(first)) await catalogue.closedCaptionsSeen(videoId)
}
