/** A video as the library sees it: its row, its channel, its renditions. */
import type { BroadcastId, ChannelId, UploadId, UserId, VideoId } from '../kernel/ids.ts'
import type { CaptionTrack } from './captions/caption-store.ts'
import type { Chapter } from './chapters.ts'
import type { VideoSubject, VideoVisibility } from './permissions.ts'

export interface RenditionRecord {
  readonly name: string
  readonly kind: 'original' | 'video' | 'audio'
  readonly state: 'planned' | 'encoding' | 'ready' | 'failed'
  /** RFC 6381; null until measured. */
  readonly codecs: string | null
  readonly width: number | null
  readonly height: number | null
  readonly frameRate: number | null
  /** Bits per second, peak over segments and average. */
  readonly bandwidth: number | null
  readonly averageBandwidth: number | null
  readonly bytes: number
  /** 0 to 100 of the chunks known so far. */
  readonly progress: number
  readonly failure: string | null
  /** Pictures, or frames of sound; null: not counted yet. */
  readonly frames: number | null
  /** How like their source samples of it look (SSIM, 0 to 1): on the average, and the worst. Null: not compared. */
  readonly ssim: number | null
  readonly lowestSsim: number | null
  /** Of sound: BCP 47, what menus show, and how many channels. Null: not known, or pictures. */
  readonly language: string | null
  readonly label: string | null
  readonly channels: number | null
}

export interface VideoRecord {
  readonly id: VideoId
  /** What its media are kept and made under: its own id, or that of the edition it shows. */
  readonly mediaId: VideoId
  readonly channel: {
    readonly id: ChannelId
    readonly handle: string
    readonly name: string
    readonly ownerId: UserId
  }
  readonly origin: 'broadcast' | 'upload'
  readonly title: string
  readonly description: string
  readonly tags: readonly string[]
  readonly visibility: VideoVisibility
  readonly state: 'live' | 'processing' | 'ready' | 'failed'
  readonly failure: { readonly code: string; readonly detail: string } | null
  readonly playable: boolean
  readonly durationSeconds: number | null
  readonly width: number | null
  readonly height: number | null
  readonly frameRate: number | null
  readonly timelineComplete: boolean
  readonly hasPoster: boolean
  /** Of its pictures in the media store; null: `poster.jpg`. */
  readonly posterName: string | null
  /** The same of the moving picture for cards; null: there is none. */
  readonly previewName: string | null
  /** Of the storyboard; 0: there is none yet. */
  readonly storyboardSheets: number
  /** Its pictures carry CEA-608 or 708 captions. */
  readonly closedCaptions: boolean
  /** By name. */
  readonly captions: readonly CaptionTrack[]
  /** As its creator set them; null: not at all. */
  readonly ownChapters: readonly Chapter[] | null
  /** Those of the uploaded file. */
  readonly sourceChapters: readonly Chapter[] | null
  readonly hasWaveform: boolean
  /** Of the main sound (pipeline/loudness.ts). Null: not measured, or silent. */
  readonly loudness: { readonly integrated: number; readonly range: number; readonly truePeak: number } | null
  /** 0 to 100. */
  readonly progress: number
  readonly createdAt: Date
  readonly publishedAt: Date
  readonly broadcastId: BroadcastId | null
  readonly uploadId: UploadId | null
  readonly renditions: readonly RenditionRecord[]
}

export function subjectOf(video: VideoRecord): VideoSubject {
  return {
    ownerId: video.channel.ownerId,
    visibility: video.visibility,
    presentable: video.playable || video.state === 'live',
  }
}
