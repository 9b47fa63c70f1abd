/** What the library needs from the database about storyboards; implemented by database/beside-store.ts. */
import type { VideoId } from '../kernel/ids.ts'
import type { SceneSheet } from '../pipeline/storyboard/scene-samples.ts'

export interface SheetLayout {
  readonly number: number
  readonly columns: number
  readonly tileWidth: number
  readonly tileHeight: number
  /** Seconds at which each picture begins to count. */
  readonly starts: readonly number[]
  readonly endSeconds: number
}

export interface StoryboardStore {
  /** In order. `mediaId`: video-record.ts. */
  sheets(mediaId: VideoId): Promise<readonly SheetLayout[]>
  scenes(mediaId: VideoId): Promise<readonly SceneSheet[]>
}
