/** News about chunks from whatever process made them; implemented by database/chunk-signals.ts. */
import type { VideoId } from '../kernel/ids.ts'

export interface ChunkSignals {
  /** The listener is called when something of the video changed: look again. Returns how to stop listening. */
  onVideoChanged(videoId: VideoId, listener: () => void): () => void
}
