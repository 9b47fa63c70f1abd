/** What the pipeline reads and writes of pictures, captions and chapters; implemented by database/beside-catalogue.ts. */
import type { VideoId } from '../kernel/ids.ts'

/** A sheet of the storyboard that stands in the media store. */
export interface MadeSheet {
  readonly number: number
  readonly columns: number
  readonly tileWidth: number
  readonly tileHeight: number
  /** Seconds at which each picture begins to count. */
  readonly starts: readonly number[]
  readonly endSeconds: number
  /** storyboard/scene-samples.ts */
  readonly samples: Uint8Array
}

/** What the creator wants for a poster. */
export type PosterChoice =
  | { readonly kind: 'moment'; readonly seconds: number }
  /** JPEG, as large as posters are. */
  | { readonly kind: 'picture'; readonly picture: Uint8Array }

/** Words that came with the video. */
export interface FoundCaptions {
  readonly origin: 'embedded' | 'broadcast' | 'speech'
  /** Tells tracks of one origin apart: found again, it is the same. */
  readonly source: string
  /** RFC 5646; "und" when nobody said. */
  readonly language: string
  readonly name: string
  readonly kind: 'subtitles' | 'captions'
  readonly isDefault: boolean
  readonly cues: number
  /** WebVTT, cleaned. */
  readonly text: string
}

export interface FoundChapter {
  /** Seconds. */
  readonly start: number
  readonly title: string
}

/** Of an edition, what people gave or are given is its video's. */
export interface BesideCatalogue {
  /** Once for each sheet, in order; one that stands already is left as it is. */
  storyboardGrown(videoId: VideoId, sheet: MadeSheet): Promise<void>
  previewMade(videoId: VideoId, name: string): Promise<void>
  posterChoice(videoId: VideoId): Promise<PosterChoice | undefined>
  closedCaptionsSeen(videoId: VideoId): Promise<void>
  /** New ones are added; those found before are as they are now. */
  captionsFound(videoId: VideoId, found: readonly FoundCaptions[]): Promise<void>
  chaptersFound(videoId: VideoId, chapters: readonly FoundChapter[]): Promise<void>
}
