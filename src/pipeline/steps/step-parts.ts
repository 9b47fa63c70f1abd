/** What every step of the pipeline works with. */
import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import type { BroadcastId, VideoId } from '../../kernel/ids.ts'
import type { Logger } from '../../kernel/logger.ts'
import type { MediaStore } from '../../media/store.ts'
import type { Timeline } from '../../packaging/timeline.ts'
import type { LogParts } from '../../recording/broadcast-log.ts'
import type { SpeechProgram } from '../captions/speech-program.ts'
import type { ChunkStore, PipelineCatalogue } from '../catalogue.ts'
import type { EncodeRoom } from '../encode-room.ts'
import type { FfmpegTools } from '../ffmpeg/tools.ts'
import type { TimelinePlanner } from '../planner.ts'
import type { JobQueue } from '../queue.ts'
import type { QueuePauses } from '../queue-pauses.ts'
import { storedTimeline } from '../stored-timelines.ts'
import type { TakeVideoTurn } from '../video-turns.ts'

export interface StepParts {
  readonly catalogue: PipelineCatalogue
  readonly chunks: ChunkStore
  readonly queue: JobQueue
  readonly planner: TimelinePlanner
  readonly store: MediaStore
  readonly tools: FfmpegTools
  /** The whole recording of a broadcast that is over. */
  readonly recordingOf: (broadcastId: BroadcastId) => LogParts
  /** Absolute; uploads are named relative to it. */
  readonly storageDir: string
  /** Absolute; of this boot. */
  readonly tmpDir: string
  /** Threads one encoder may use; one that a viewer waits for. */
  readonly threads: number
  readonly urgentThreads: number
  /** What is made beforehand waits here while the machine has no room for it. */
  readonly room: EncodeRoom
  /** Without it no queue can be stopped. */
  readonly pauses?: Pick<QueuePauses, 'isPaused'>
  /** Undefined: none is set. */
  readonly speech?: SpeechProgram | undefined
  /** LUFS that a sound is offered at beside the source's own. Undefined: none is. */
  readonly loudnessTarget?: number | undefined
  /** Without it there is no other worker. */
  readonly takeTurn?: TakeVideoTurn
  readonly logger: Logger
}

/** A folder of one attempt: what is left of it by a crash is emptied at the next boot, and nobody else reads it. */
export async function openAttemptDir(
  tmpDir: string,
  name: string,
): Promise<AsyncDisposable & { readonly path: string }> {
  const dir = await mkdtemp(path.join(tmpDir, `${name}-`))
  return { path: dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) }
}

/** As it stands now; undefined: there is none yet. */
export function readTimeline(store: MediaStore, videoId: VideoId): Promise<Timeline | undefined> {
  return storedTimeline(store, videoId)
}
