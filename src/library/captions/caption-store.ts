/** What the library needs from the database about captions; implemented by database/captions.ts. */
import type { VideoId } from '../../kernel/ids.ts'

export type CaptionKind = 'subtitles' | 'captions'
export type CaptionOrigin = 'upload' | 'embedded' | 'broadcast' | 'speech'

/** A track of a video, without its words. */
export interface CaptionTrack {
  readonly id: string
  /** RFC 5646; "und" when nobody said. */
  readonly language: string
  /** Shown in menus. */
  readonly name: string
  /** captions: also what is heard, for who does not hear. */
  readonly kind: CaptionKind
  readonly origin: CaptionOrigin
  readonly isDefault: boolean
  /** One more with each new text. */
  readonly version: number
}

export interface CaptionWords {
  readonly cues: number
  /** WebVTT, cleaned. */
  readonly text: string
}

export type NewCaption = Pick<CaptionTrack, 'language' | 'name' | 'kind' | 'isDefault'> & CaptionWords

export interface CaptionEdit {
  readonly language?: string | undefined
  readonly name?: string | undefined
  readonly kind?: CaptionKind | undefined
  /** At most one of a video's is: to choose it takes it from the others. */
  readonly isDefault?: boolean | undefined
  readonly words?: CaptionWords | undefined
}

export interface CaptionStore {
  /** Undefined: the video has a track of this language and kind already that somebody gave. */
  add(videoId: VideoId, caption: NewCaption): Promise<string | undefined>
  /** `missing`: there is no such track of the video. `taken`: another one has that language and kind. */
  change(videoId: VideoId, id: string, edit: CaptionEdit): Promise<'changed' | 'missing' | 'taken'>
  /** False: there is no such track of the video. */
  remove(videoId: VideoId, id: string): Promise<boolean>
  /** WebVTT of a track, while this version is its text. */
  text(videoId: VideoId, id: string, version: number): Promise<string | undefined>
}
