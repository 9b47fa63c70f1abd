/**
 * What the pipeline reads and writes of the catalogue; implemented by database/pipeline-catalogue.ts and
 * database/chunks.ts. Each method is one transaction, and jobs it names are enqueued in it.
 */
import type { BroadcastId, VideoId } from '../kernel/ids.ts'
import type { ByteRange } from '../packaging/keyframe-range.ts'
import type { BesideCatalogue } from './beside-catalogue.ts'
import type { ChunkFrontier, ChunkRange } from './chunk-plan.ts'
import type { ChunkState } from './chunk-states.ts'
import type { JobRequest } from './job-kinds.ts'
import type { RenditionSettings } from './ladder.ts'
import type { Loudness } from './loudness.ts'
import type { SoundLabel } from './sound-tracks.ts'

export interface PipelineVideo {
  readonly id: VideoId
  readonly origin: 'broadcast' | 'upload'
  readonly state: 'live' | 'processing' | 'ready' | 'failed'
  readonly timelineKind: 'measured' | 'planned' | undefined
  readonly timelineComplete: boolean
  readonly hasPoster: boolean
  readonly hasWaveform: boolean
  readonly hasPreview: boolean
  /** Sheets of the storyboard that stand. */
  readonly storyboardSheets: number
  /** Its pictures are known to carry CEA-608 or 708 captions. */
  readonly closedCaptions: boolean
  readonly playable: boolean
  readonly upload: PipelineUpload | undefined
  readonly broadcastId: BroadcastId | undefined
}

export interface PipelineUpload {
  readonly id: string
  /** Path below STORAGE_DIR. */
  readonly path: string
  readonly fileName: string
  /** `SourceMedia` as stored at upload time. */
  readonly source: unknown
}

/** A rendition to be made. Without settings it is passed through by packaging and has no chunks. */
export interface RenditionPlan {
  readonly name: string
  readonly kind: 'original' | 'video' | 'audio'
  readonly codecs?: string
  readonly width?: number
  readonly height?: number
  readonly frameRate?: number
  readonly bandwidth?: number
  readonly averageBandwidth?: number
  /** Of sound: BCP 47, what menus show, and how many channels. */
  readonly language?: string
  readonly label?: string
  readonly channels?: number
  readonly settings?: RenditionSettings
}

/** What is known of a rendition of sound, whoever planned it. */
export interface SoundRow extends SoundLabel {
  readonly name: string
}

export interface RenditionRecord extends RenditionPlan {
  readonly id: string
  readonly state: 'planned' | 'encoding' | 'ready' | 'failed'
  /** Why it failed. */
  readonly failure?: string
}

export interface VideoFacts {
  readonly timelineKind?: 'measured' | 'planned'
  readonly timelineComplete?: boolean
  readonly durationSeconds?: number
  readonly width?: number
  readonly height?: number
  readonly frameRate?: number
  readonly playable?: boolean
}

export interface PlanStep {
  readonly facts?: VideoFacts
  readonly renditions?: readonly RenditionPlan[]
  /** Put onto renditions that are there by then. */
  readonly sounds?: readonly SoundRow[]
  readonly chunks?: ChunkStep
  readonly jobs?: readonly JobRequest[]
}

/** A row for each new range and each rendition that has settings and has not failed. */
export interface ChunkStep {
  /** Called in the transaction, with where the rows end: of two processes that cut at once, the second goes on behind the first. */
  readonly cut: (from: ChunkFrontier) => readonly ChunkRange[]
  readonly jobsOf: (range: ChunkRange) => readonly JobRequest[]
  /** Also rows that single renditions lack among the ranges there are: planned late, or failed for a while. Reads all rows. */
  readonly fill: boolean
}

export interface ClaimedChunk {
  readonly id: string
  readonly rendition: string
  readonly settings: RenditionSettings
  readonly range: ChunkRange
  /** This attempt included. */
  readonly attempts: number
  /** Workers that were killed while they held it. */
  readonly deaths: number
  /** Some chunk of the rendition is made: its init stands. */
  readonly begun: boolean
}

export interface Claim {
  readonly claimed: readonly ClaimedChunk[]
  /** Rows that another living attempt holds. */
  readonly held: number
  /** Why rows have failed for good. */
  readonly failures: readonly string[]
}

/** Of the video of which something is next; nothing claimed: it was cancelled at that moment. */
export interface NextClaim {
  readonly videoId: VideoId
  readonly claimed: readonly ClaimedChunk[]
}

/** How far an attempt is: 0 to 1, and how many seconds of video in a second. */
export interface ChunkProgress {
  readonly made: number
  readonly speed: number
}

export interface ChunkResult {
  readonly bytes: number
  /** Bits per second of the largest segment. */
  readonly peakBandwidth: number
  /** RFC 6381, as measured. */
  readonly codecs: string
  /** Pictures, or frames of sound. */
  readonly frames: number
  /** How like its source it looks, 0 to 1; absent: not one of the samples. */
  readonly ssim?: number
  /** Where the first picture of each segment lies in its file; empty for sound. */
  readonly keyframes: readonly ByteRange[]
}

export interface RenditionMeasure {
  readonly name: string
  /** planned: some of it is deferred until somebody watches it. */
  readonly state: 'ready' | 'failed' | 'planned'
  readonly failure?: string
  readonly bandwidth?: number
  readonly averageBandwidth?: number
  readonly bytes?: number
  /** Pictures, or frames of sound. */
  readonly frames?: number
  /** How like their source the samples look, 0 to 1. */
  readonly likeness?: { readonly mean: number; readonly lowest: number }
}

/** A chunk as it stands, for finishing and for viewers who wait. */
export interface ChunkRecord {
  readonly rendition: string
  readonly range: ChunkRange
  readonly state: ChunkState
  readonly frames: number | undefined
  /** Undefined: not one of the samples. */
  readonly ssim: number | undefined
  readonly bytes: number
  readonly peakBandwidth: number
  readonly failure: string | undefined
}

export interface ChunkStore {
  /** waiting, deferred, or encoding with an expired lease → encoding. */
  claim(
    videoId: VideoId,
    index: number,
    renditions: readonly string[],
    attemptId: string,
    leaseMs: number,
  ): Promise<Claim>
  /** The same for what is next of everything that waits (docs/decisions/0017). Undefined: nothing can be begun now. */
  claimNext(attemptId: string, leaseMs: number): Promise<NextClaim | undefined>
  /** False: the attempt holds nothing any more and must stop. How far it is travels with it: no write of its own. */
  renew(attemptId: string, leaseMs: number, progress?: ChunkProgress): Promise<boolean>
  /** encoding → ready, if the attempt still holds it. Brings progress up to date; enqueues the finish when it was the last. */
  complete(videoId: VideoId, chunkId: string, attemptId: string, result: ChunkResult): Promise<boolean>
  /**
   * encoding → waiting, to be tried again, at once or after a while. Without a failure (the worker is stopping, or
   * it has to wait for something) the attempt does not count. `log`: the last lines of the encoder.
   */
  release(
    chunkId: string,
    attemptId: string,
    failure: string | undefined,
    retry?: { readonly afterMs: number; readonly log?: string | undefined },
  ): Promise<void>
  /** encoding → failed, and with it its rendition and what of it still waits. */
  fail(
    videoId: VideoId,
    chunkId: string,
    attemptId: string,
    failure: string,
    log?: string | undefined,
  ): Promise<void>
  list(videoId: VideoId): Promise<readonly ChunkRecord[]>
  /** The chunk that holds a segment. */
  find(videoId: VideoId, rendition: string, segment: number): Promise<ChunkRecord | undefined>
  /** The chunk that brings the rendition's init soonest: one that is made, else one under way, else the newest while the video grows, the first afterwards. */
  findForInit(videoId: VideoId, rendition: string): Promise<ChunkRecord | undefined>
  /** Enqueues as many jobs as there are too few for the rows that wait, or whose lease has expired. Returns how many. */
  requeueOrphans(): Promise<number>
}

export interface PipelineCatalogue extends BesideCatalogue {
  findVideo(videoId: VideoId): Promise<PipelineVideo | undefined>
  renditions(videoId: VideoId): Promise<readonly RenditionRecord[]>
  /** Idempotent: rows that exist are left as they are and their jobs are not sent again. Resolves with where the rows end now. */
  plan(videoId: VideoId, step: PlanStep): Promise<ChunkFrontier>
  /** Takes back what was planned: renditions and chunks, and that it plays. For an upload that turns out to need another plan. */
  forgetPlan(videoId: VideoId): Promise<void>
  /**
   * Where everything of a video is made again while it goes on being shown: a video of the pipeline's own with
   * the same recording or upload. The one that is under way, or a new one. Undefined: there is no such video, or
   * it is on air.
   */
  beginEdition(videoId: VideoId): Promise<VideoId | undefined>
  /** The video cannot be played: its state becomes failed with a reason for its owner. Not when some of it already plays. */
  failVideo(videoId: VideoId, code: string, detail: string): Promise<void>
  /** A note for the owner of a video that plays, but not as its file promised. */
  noteOnVideo(videoId: VideoId, detail: string): Promise<void>
  /** `name`: of its pictures in the media store. */
  posterMade(videoId: VideoId, name: string): Promise<void>
  /** Its waveform stands in the media store. Without loudness it is silent. */
  soundMeasured(videoId: VideoId, loudness: Loudness | undefined): Promise<void>
  /** Renditions as measured, and the video ready (or failed, with the reason). */
  finish(
    videoId: VideoId,
    renditions: readonly RenditionMeasure[],
    outcome:
      | { readonly ready: true; readonly durationSeconds: number }
      | { readonly ready: false; readonly code: string; readonly detail: string },
  ): Promise<void>
  /** Enqueues the processing of uploads that wait for it and have no job. Returns how many. */
  requeueUploads(): Promise<number>
  /** Broadcasts of which something may still have to be planned: looked at after a start. */
  listUnfinished(): Promise<readonly VideoId[]>
}
