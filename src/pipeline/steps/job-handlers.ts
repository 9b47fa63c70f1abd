/** One handler for each kind of job. */
import { urgentTools } from '../ffmpeg/tools.ts'
import type { JobHandlers } from '../queue.ts'
import { makeCompleteReplay } from './complete-replay.ts'
import { makeEncodeChunk } from './encode-chunk.ts'
import { makeFinishVideo } from './finish-video.ts'
import { makePosterStep } from './make-poster.ts'
import { makeProcessUpload } from './process-upload.ts'
import { makeRebuildVideo } from './rebuild-video.ts'
import type { StepParts } from './step-parts.ts'

export function makeJobHandlers(parts: StepParts): JobHandlers {
  return {
    'process-upload': makeProcessUpload(parts),
    'rebuild-video': makeRebuildVideo(parts),
    'complete-replay': makeCompleteReplay(parts),
    'encode-chunk': makeEncodeChunk(parts, (signal) => parts.room.enter(signal)),
    // Who waits is not made to wait for room as well.
    'encode-now': makeEncodeChunk({
      ...parts,
      tools: urgentTools(parts.tools),
      threads: parts.urgentThreads,
    }),
    'make-poster': makePosterStep(parts),
    'finish-video': makeFinishVideo(parts),
  }
}
