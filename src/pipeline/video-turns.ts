/**
 * What writes a video's timeline is done by one worker at a time, whatever process it runs in. The queue sees to
 * it nearly always; but a worker that stood still for longer than its heartbeat comes back to a job that another
 * one has by now. Implemented by database/video-turns.ts.
 */
import type { VideoId } from '../kernel/ids.ts'

export interface VideoTurn extends AsyncDisposable {
  /** Aborted when the turn was lost, with the connection that held it. */
  readonly signal: AbortSignal
}

/** Waits for the turn. Rejects with the signal's reason. */
export type TakeVideoTurn = (videoId: VideoId, signal: AbortSignal) => Promise<VideoTurn>
