/** One handler for each kind of job. */
import { urgentTools } from '../ffmpeg/tools.ts'
import type { JobKind } from '../job-kinds.ts'
import type { JobHandlers, RunningJob } from '../queue.ts'
import { untilResumed } from '../queue-pauses.ts'
import { makeCompleteReplay } from './complete-replay.ts'
import { makeEncodeChunk, makeEncodeNow } from './encode-chunk.ts'
import { makeFindCaptions } from './find-captions.ts'
import { makeFinishVideo } from './finish-video.ts'
import { makePosterStep } from './make-poster.ts'
import { makeStoryboardStep } from './make-storyboard.ts'
import { makeMeasureSound } from './measure-sound.ts'
import { makeProcessUpload } from './process-upload.ts'
import { makeRebuildVideo } from './rebuild-video.ts'
import { makeRecogniseSpeech } from './recognise-speech.ts'
import type { StepParts } from './step-parts.ts'

export function makeJobHandlers(parts: StepParts): JobHandlers {
  const { pauses } = parts
  const pausable = <Kind extends JobKind>(kind: Kind, handler: (job: RunningJob<Kind>) => Promise<void>) =>
    pauses
      ? async (job: RunningJob<Kind>): Promise<void> => {
          await untilResumed(pauses, kind, job.signal)
          await handler(job)
        }
      : handler
  const { takeTurn } = parts
  /** What writes the timeline. */
  const alone = <Kind extends JobKind>(kind: Kind, handler: (job: RunningJob<Kind>) => Promise<void>) =>
    pausable(
      kind,
      takeTurn
        ? async (job: RunningJob<Kind>): Promise<void> => {
            await using turn = await takeTurn(job.data.videoId, job.signal)
            await handler({ ...job, signal: AbortSignal.any([job.signal, turn.signal]) })
          }
        : handler,
    )
  return {
    'process-upload': alone('process-upload', makeProcessUpload(parts)),
    'rebuild-video': alone('rebuild-video', makeRebuildVideo(parts)),
    'complete-replay': alone('complete-replay', makeCompleteReplay(parts)),
    'encode-chunk': pausable('encode-chunk', makeEncodeChunk(parts)),
    // Who waits is not made to wait for room as well.
    'encode-now': makeEncodeNow({
      ...parts,
      tools: urgentTools(parts.tools),
      threads: parts.urgentThreads,
    }),
    'make-poster': pausable('make-poster', makePosterStep(parts)),
    'make-storyboard': pausable('make-storyboard', makeStoryboardStep(parts)),
    'find-captions': pausable('find-captions', makeFindCaptions(parts)),
    'recognise-speech': pausable('recognise-speech', makeRecogniseSpeech(parts)),
    'measure-sound': pausable('measure-sound', makeMeasureSound(parts)),
    'finish-video': pausable('finish-video', makeFinishVideo(parts)),
  }
}
