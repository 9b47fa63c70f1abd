/** What the life of a broadcast needs from recording, packaging and the audience; joined in service.ts. */
import type { MediaMessage } from '../../ingest/media-message.ts'
import type { BroadcastId, SessionId, VideoId } from '../../kernel/ids.ts'

/** The log of one session, being written. */
export interface SessionLog {
  /** False: stop reading from the encoder until `onDrain`. */
  write(message: MediaMessage): boolean
  /** Writes what waits. */
  flush(): void
  onDrain(listener: () => void): void
  /** The disk refused: nothing more is recorded. At most once. */
  onFailure(listener: (error: Error) => void): void
  /** Resolves when everything is on disk and the part is closed. */
  close(): Promise<void>
}

export interface BroadcastRecorder {
  /** Opens the next part of the broadcast's log. Throws AppError when the disk refuses. */
  openSession(session: {
    readonly broadcastId: BroadcastId
    readonly sessionId: SessionId
  }): Promise<SessionLog>
}

/** Packaging of one broadcast, following its log from the first part to the end. */
export interface PackagingRun {
  /** The log is complete: resolves when the timeline is. `segments` 0: nothing that can be watched was received. */
  finish(): Promise<{ readonly segments: number; readonly durationSeconds: number }>
  /** Stops where it stands; a later run goes on from there. */
  stop(): Promise<void>
}

export interface BroadcastPackager {
  follow(broadcast: { readonly broadcastId: BroadcastId; readonly videoId: VideoId }): PackagingRun
}

/** Told of every change; must not throw and must not block. */
export interface BroadcastAudience {
  broadcastChanged(broadcastId: BroadcastId, videoId: VideoId): void
}
