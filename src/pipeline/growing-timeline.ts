/**
 * What the planner remembers of a timeline that grows: a memory of the timeline in the media store and of
 * where the rows end, rebuilt from both.
 */
import type { CarriedVideo } from '../packaging/carried-video.ts'
import type { TimelineInit, TimelineSegment, VideoConfig } from '../packaging/timeline.ts'
import type { PipelineVideo, RenditionPlan } from './catalogue.ts'
import { type ChunkFrontier, NO_CHUNKS } from './chunk-plan.ts'
import type { Urgency } from './job-kinds.ts'
import { TileWalk } from './storyboard/tile-plan.ts'

export interface Growing {
  urgency: Urgency
  renditions: readonly RenditionPlan[]
  /** The configuration that the ladder is planned from, and of which kind of timeline. */
  begins: { readonly kind: 'measured' | 'planned'; readonly init: TimelineInit } | undefined
  /** The first configuration with sound that has to be encoded. */
  carries: TimelineInit | undefined
  /** Where the rows end, as far as known, and the segments behind. */
  frontier: ChunkFrontier
  open: readonly TimelineSegment[]
  nextSegment: number
  duration: number
  /** It can be watched, or listened to, and the catalogue knows. */
  announced: boolean
  /** A poster is asked for. */
  pictured: boolean
  /** Pictures chosen for the storyboard, and for how many of its sheets a job is asked. */
  readonly tiles: TileWalk
  sheets: number
  /** `frontier` is what the rows say. */
  planned: boolean
  /** Until then (milliseconds) chunks are single segments: somebody follows the live edge in an encoded quality. */
  shortUntil: number
}

/** Before anything of the timeline is read. */
export function beginGrowing(video: PipelineVideo, renditions: readonly RenditionPlan[]): Growing {
  return {
    urgency: video.origin === 'upload' ? 'upload' : video.state === 'live' ? 'live' : 'replay',
    renditions,
    begins: undefined,
    carries: undefined,
    frontier: NO_CHUNKS,
    open: [],
    nextSegment: 0,
    duration: 0,
    announced: video.playable,
    pictured: video.hasPoster,
    tiles: new TileWalk(),
    sheets: video.storyboardSheets,
    planned: false,
    shortUntil: 0,
  }
}

/** The next entry; one that is known already changes nothing. */
export function take(
  state: Growing,
  entry: TimelineInit | TimelineSegment,
  kind: 'measured' | 'planned',
): void {
  if (entry.kind === 'init') {
    // Sound may begin before pictures: the ladder waits for those.
    if (!picturesOf(state.begins?.init)) state.begins = { kind, init: entry }
    if (entry.carriedAudio) state.carries ??= entry
    return
  }
  if (entry.number < state.nextSegment) return
  if (entry.number >= state.frontier.nextSegment) state.open = [...state.open, entry]
  state.tiles.take(entry)
  state.nextSegment = entry.number + 1
  state.duration = entry.start + entry.duration
}

export function picturesOf(init: TimelineInit | undefined): VideoConfig | CarriedVideo | undefined {
  return init?.video ?? init?.carriedVideo
}

/** The original is there; or its pictures are carried, and what is made of them is made when it is asked for. */
export function isPlayableFromHere({ renditions, begins }: Growing): boolean {
  return renditions.some(({ kind }) => kind === 'original') || begins?.init.carriedVideo !== undefined
}
