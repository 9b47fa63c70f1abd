/** The catalogue says what changed in it, whoever changed it; implemented by database/catalogue-changes.ts. */
import type { BroadcastId, VideoId } from '../kernel/ids.ts'

export type CatalogueChange =
  | { readonly kind: 'video'; readonly videoId: VideoId }
  | { readonly kind: 'broadcast'; readonly broadcastId: BroadcastId; readonly videoId: VideoId }

export interface CatalogueChanges {
  /** The listener must not throw and must not block. Returns what ends it. */
  subscribe(listener: (change: CatalogueChange) => void): () => void
}
