/**
 * Turns a growing timeline into renditions, chunks and jobs. Packaging calls it after each entry it
 * appended, of a live broadcast or of an upload; what it plans is idempotent, so a caller that is not
 * sure calls again. State is only a memory of the timeline in the media store and is rebuilt from it.
 */
import type { VideoId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import { mediaKeys } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import { parseTimeline, type TimelineInit, type TimelineSegment } from '../packaging/timeline.ts'
import type { PipelineCatalogue, RenditionPlan } from './catalogue.ts'
import { addSegment, type ChunkRange, closeLast, NO_CHUNK, type OpenChunk } from './chunk-plan.ts'
import { PRIORITY, type Urgency } from './job-kinds.ts'
import { chunkJobs, planRenditions } from './plan-renditions.ts'

export interface TimelinePlanner {
  /** After the entry stands in the timeline. Rejects when the database refuses; the next call makes up for it. */
  extendTimeline(videoId: VideoId, entry: TimelineInit | TimelineSegment): Promise<void>
  /** After the timeline's end entry: nothing follows. Plans whatever of it is not planned yet. */
  completeTimeline(videoId: VideoId): Promise<void>
  /** Forgets the timeline of an upload that was taken back, and what was planned of it. */
  forget(videoId: VideoId): Promise<void>
  /** Plans whatever of a stored timeline is not planned: after a crash, or when calls were lost. */
  catchUp(videoId: VideoId): Promise<void>
}

export interface PlannerParts {
  readonly catalogue: PipelineCatalogue
  readonly store: MediaStore
  readonly logger: Logger
}

interface Growing {
  urgency: Urgency
  renditions: readonly RenditionPlan[]
  open: OpenChunk
  /** Closed, but not yet in the catalogue. */
  unplanned: readonly ChunkRange[]
  nextSegment: number
  duration: number
  announced: boolean
}

export function makePlanner(parts: PlannerParts): TimelinePlanner {
  const { catalogue, store } = parts
  const growing = new Map<VideoId, Growing>()
  const turns = new Map<VideoId, Promise<unknown>>()

  /** One at a time for each video, in the order of the calls. */
  function inTurn<T>(videoId: VideoId, work: () => Promise<T>): Promise<T> {
    const turn = (turns.get(videoId) ?? Promise.resolve()).then(work, work)
    const settled = turn.catch(() => {})
    turns.set(videoId, settled)
    void settled.then(() => turns.get(videoId) === settled && turns.delete(videoId))
    return turn
  }

  async function begin(videoId: VideoId): Promise<Growing | undefined> {
    const known = growing.get(videoId)
    if (known) return known
    const video = await catalogue.findVideo(videoId)
    if (!video) return undefined
    const renditions = await catalogue.renditions(videoId)
    const state: Growing = {
      urgency: video.origin === 'upload' ? 'upload' : video.state === 'live' ? 'live' : 'replay',
      renditions,
      open: NO_CHUNK,
      unplanned: [],
      nextSegment: 0,
      duration: 0,
      announced: video.playable,
    }
    growing.set(videoId, state)
    return state
  }

  function take(state: Growing, segment: TimelineSegment): void {
    if (segment.number < state.nextSegment) return
    const [open, closed] = addSegment(state.open, segment)
    state.open = open
    state.unplanned = [...state.unplanned, ...closed]
    state.nextSegment = segment.number + 1
    state.duration = segment.start + segment.duration
  }

  /** The stored timeline from where we stand; true when it has ended. */
  async function readOn(videoId: VideoId, state: Growing): Promise<boolean> {
    const text = await store.read(mediaKeys.timeline(videoId))
    if (!text) return false
    const timeline = parseTimeline(text.toString('utf8'))
    const init = timeline.inits.find(({ video }) => video) ?? timeline.inits[0]
    if (init) await planInit(videoId, state, timeline.kind, init)
    for (const segment of timeline.segments) take(state, segment)
    return timeline.ended
  }

  async function planInit(
    videoId: VideoId,
    state: Growing,
    kind: 'measured' | 'planned',
    init: TimelineInit,
  ): Promise<void> {
    // Encoded sound may be planned beforehand, and sound may begin before pictures: the ladder waits for those.
    const known = new Set(state.renditions.map(({ name }) => name))
    if (state.renditions.some(({ kind: of }) => of !== 'audio')) return
    const renditions = planRenditions(kind, init, {
      encodeAudio: kind === 'planned' && init.audio !== undefined,
    }).filter(({ name }) => !known.has(name))
    if (renditions.length === 0) return
    const { video } = init
    await catalogue.plan(videoId, {
      renditions,
      facts: {
        timelineKind: kind,
        ...(video ? { width: video.width, height: video.height, frameRate: video.frameRate } : {}),
      },
    })
    state.renditions = [...state.renditions, ...renditions]
  }

  /** Puts closed chunks into the catalogue. `unplanned` empties only when that succeeded. */
  async function commit(videoId: VideoId, state: Growing, complete: boolean): Promise<void> {
    const chunks = state.renditions.some(({ settings }) => settings) ? state.unplanned : []
    const first = !state.announced && state.nextSegment > 0
    if (chunks.length === 0 && state.unplanned.length === 0 && !complete && !first) return
    await catalogue.plan(videoId, {
      facts: {
        durationSeconds: state.duration,
        ...(complete ? { timelineComplete: true } : {}),
        ...(first && state.renditions.some(({ kind }) => kind === 'original') ? { playable: true } : {}),
      },
      chunks: chunks.map((range) => ({
        range,
        jobs: chunkJobs(videoId, range.index, state.renditions, state.urgency),
      })),
      jobs: first ? [{ kind: 'make-poster', priority: PRIORITY.brief, data: { videoId } }] : [],
    })
    state.unplanned = []
    state.announced = true
  }

  return {
    extendTimeline: (videoId, entry) =>
      inTurn(videoId, async () => {
        const isKnown = growing.has(videoId)
        const state = await begin(videoId)
        if (!state) return
        if (!isKnown || (entry.kind === 'segment' && entry.number > state.nextSegment))
          await readOn(videoId, state)
        if (entry.kind === 'init') await planInit(videoId, state, 'measured', entry)
        else take(state, entry)
        await commit(videoId, state, false)
      }),

    completeTimeline: (videoId) =>
      inTurn(videoId, () => {
        // From the rows and the stored timeline: renditions may have been planned meanwhile, calls lost.
        growing.delete(videoId)
        return catchUp(videoId, true)
      }),

    forget: (videoId) =>
      inTurn(videoId, async () => {
        growing.delete(videoId)
        await catalogue.forgetPlan(videoId)
      }),

    catchUp: (videoId) => inTurn(videoId, () => catchUp(videoId, false)),
  }

  async function catchUp(videoId: VideoId, mustBeComplete: boolean): Promise<void> {
    const state = await begin(videoId)
    if (!state) return
    const ended = (await readOn(videoId, state)) || mustBeComplete
    if (ended) {
      state.unplanned = [...state.unplanned, ...closeLast(state.open)]
      state.open = NO_CHUNK
    }
    await commit(videoId, state, ended)
    if (ended) growing.delete(videoId)
  }
}
