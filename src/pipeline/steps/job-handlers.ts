/** One handler for each kind of job. */
import { urgentTools } from '../ffmpeg/tools.ts'
import type { JobHandlers } from '../queue.ts'
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
  return {
    'process-upload': makeProcessUpload(parts),
    'rebuild-video': makeRebuildVideo(parts),
    'complete-replay': makeCompleteReplay(parts),
    'encode-chunk': makeEncodeChunk(parts),
    // Who waits is not made to wait for room as well.
    'encode-now': makeEncodeNow({
      ...parts,
      tools: urgentTools(parts.tools),
      threads: parts.urgentThreads,
    }),
    'make-poster': makePosterStep(parts),
    'make-storyboard': makeStoryboardStep(parts),
    'find-captions': makeFindCaptions(parts),
    'recognise-speech': makeRecogniseSpeech(parts),
    'measure-sound': makeMeasureSound(parts),
    'finish-video': makeFinishVideo(parts),
  }
}
