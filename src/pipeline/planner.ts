/**
 * Turns a growing timeline into renditions, chunks and jobs. Packaging calls it after each entry it
 * appended, of a live broadcast or of an upload; what it plans is idempotent, so a caller that is not
 * sure calls again. What it remembers meanwhile: growing-timeline.ts.
 */
import type { VideoId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import { AUDIO_RENDITION } from '../media/layout.ts'
import type { TimelineInit, TimelineSegment } from '../packaging/timeline.ts'
import type { PipelineCatalogue } from './catalogue.ts'
import { planChunks } from './chunk-plan.ts'
import type { VideoCodec } from './codec-levels.ts'
import { beginGrowing, type Growing, isPlayableFromHere, picturesOf, take } from './growing-timeline.ts'
import { PRIORITY } from './job-kinds.ts'
import { chunkJobs, planRenditions } from './plan-renditions.ts'
import { storedTimeline, type TimelineStore } from './stored-timelines.ts'

export interface TimelinePlanner {
  /** After the entry stands in the timeline. Rejects when the database refuses; the next call makes up for it. */
  extendTimeline(videoId: VideoId, entry: TimelineInit | TimelineSegment): Promise<void>
  /** After the timeline's end entry: nothing follows. Plans whatever of it is not planned yet. */
  completeTimeline(videoId: VideoId): Promise<void>
  /**
   * A viewer waits for a segment: it gets a chunk now, although more of the timeline is to come. False: the
   * timeline does not hold it.
   */
  reachSegment(videoId: VideoId, segment: number): Promise<boolean>
  /** Forgets the timeline of an upload that was taken back, and what was planned of it. */
  forget(videoId: VideoId): Promise<void>
  /** Plans whatever of a stored timeline is not planned: after a crash, or when calls were lost. */
  catchUp(videoId: VideoId): Promise<void>
}

export interface PlannerParts {
  readonly catalogue: PipelineCatalogue
  readonly store: TimelineStore
  readonly logger: Logger
  /** What rungs are encoded in; H.264 when it is not said. */
  readonly codecs?: readonly VideoCodec[]
  /** Milliseconds; for tests. */
  readonly now?: () => number
}

const SOUND_ALONE_SECONDS = 10
/** How long one look at the live edge counts as following it: a few segments. */
const FOLLOWS_EDGE_MS = 12_000

export function makePlanner(parts: PlannerParts): TimelinePlanner {
  const { catalogue, store, codecs = ['h264'], now = Date.now } = parts
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
    const state = beginGrowing(video, await catalogue.renditions(videoId))
    growing.set(videoId, state)
    return state
  }

  /** The stored timeline from where we stand; true when it has ended. */
  async function readOn(videoId: VideoId, state: Growing): Promise<boolean> {
    const timeline = await storedTimeline(store, videoId)
    if (!timeline) return false
    for (const init of timeline.inits) take(state, init, timeline.kind)
    for (const segment of timeline.segments) take(state, segment, timeline.kind)
    return timeline.ended
  }

  async function planLadder(videoId: VideoId, state: Growing): Promise<void> {
    if (!state.begins) return
    const { kind, init } = state.begins
    const known = new Set(state.renditions.map(({ name }) => name))
    // Encoded sound may be planned beforehand, or come later than the pictures.
    const hasPictures = state.renditions.some(({ kind: of }) => of !== 'audio')
    const soundToCome = state.carries !== undefined && !known.has(AUDIO_RENDITION)
    if (hasPictures && !soundToCome) return
    const carriedAudio = state.carries?.carriedAudio
    const renditions = planRenditions(
      kind,
      { ...(hasPictures ? {} : init), ...(carriedAudio ? { carriedAudio } : {}) },
      { encodeAudio: kind === 'planned' && init.audio !== undefined, codecs },
    ).filter(({ name }) => !known.has(name))
    if (renditions.length === 0) return
    const video = picturesOf(init)
    await catalogue.plan(videoId, {
      renditions,
      facts: {
        timelineKind: kind,
        ...(video ? { width: video.width, height: video.height, frameRate: video.frameRate } : {}),
      },
    })
    state.renditions = [...state.renditions, ...renditions]
  }

  /** Puts what is known into the catalogue. What the database refuses is kept for the next time. */
  async function commit(videoId: VideoId, state: Growing, ended: boolean): Promise<void> {
    await planLadder(videoId, state)
    const pictures = picturesOf(state.begins?.init) !== undefined
    // A player that begins with sound alone has to be loaded again when pictures come: they are waited for a little.
    const soundAlone = state.begins !== undefined && !pictures
    const patient = soundAlone && !ended && state.duration < SOUND_ALONE_SECONDS
    const first = !state.announced && state.nextSegment > 0 && !patient
    const poster = pictures && !state.pictured && state.nextSegment > 0
    const sheets = state.tiles.fullSheets
    const storyboard = pictures && sheets > state.sheets
    const encodes = state.renditions.some(({ settings }) => settings)
    const options = { ended, short: now() < state.shortUntil }
    const { closed } = planChunks(state.open, { ...options, from: state.frontier })
    if (closed.length === 0 && !ended && !first && !poster && !storyboard) return
    const frontier = await catalogue.plan(videoId, {
      facts: {
        durationSeconds: state.duration,
        ...(ended ? { timelineComplete: true } : {}),
        ...(first && (soundAlone || isPlayableFromHere(state)) ? { playable: true } : {}),
      },
      chunks: {
        cut: (from) => planChunks(state.open, { ...options, from }).closed,
        jobsOf: (range) => chunkJobs(videoId, range.index, state.renditions, state.urgency),
        fill: ended,
      },
      jobs: [
        ...(poster ? [{ kind: 'make-poster', priority: PRIORITY.brief, data: { videoId } } as const] : []),
        ...(storyboard || (pictures && ended && state.begins?.kind === 'measured')
          ? [{ kind: 'make-storyboard', priority: PRIORITY.beside, data: { videoId } } as const]
          : []),
        ...(ended ? [{ kind: 'find-captions', priority: PRIORITY.beside, data: { videoId } } as const] : []),
      ],
    })
    // Rows beyond ours: in another process a viewer reached for the live edge.
    if (encodes && state.planned && frontier.nextIndex > state.frontier.nextIndex + closed.length)
      state.shortUntil = now() + FOLLOWS_EDGE_MS
    state.frontier = frontier
    state.open = encodes ? state.open.filter(({ number }) => number >= frontier.nextSegment) : []
    state.announced ||= first
    state.pictured ||= poster
    state.sheets = Math.max(state.sheets, sheets)
    state.planned = true
  }

  async function catchUp(videoId: VideoId, mustBeComplete: boolean): Promise<void> {
    const state = await begin(videoId)
    if (!state) return
    const ended = (await readOn(videoId, state)) || mustBeComplete
    await commit(videoId, state, ended)
    if (ended) growing.delete(videoId)
  }

  return {
    extendTimeline: (videoId, entry) =>
      inTurn(videoId, async () => {
        const isKnown = growing.has(videoId)
        const state = await begin(videoId)
        if (!state) return
        if (!isKnown || (entry.kind === 'segment' && entry.number > state.nextSegment))
          await readOn(videoId, state)
        take(state, entry, 'measured')
        await commit(videoId, state, false)
      }),

    completeTimeline: (videoId) =>
      inTurn(videoId, () => {
        // From the rows and the stored timeline: renditions may have been planned meanwhile, calls lost.
        growing.delete(videoId)
        return catchUp(videoId, true)
      }),

    reachSegment: (videoId, segment) =>
      inTurn(videoId, async () => {
        const state = await begin(videoId)
        if (!state) return false
        const ended = segment >= state.nextSegment && (await readOn(videoId, state))
        if (segment >= state.nextSegment) return false
        if (!ended) state.shortUntil = now() + FOLLOWS_EDGE_MS
        await commit(videoId, state, ended)
        if (ended) growing.delete(videoId)
        return true
      }),

    forget: (videoId) =>
      inTurn(videoId, async () => {
        growing.delete(videoId)
        await catalogue.forgetPlan(videoId)
      }),

    catchUp: (videoId) => inTurn(videoId, () => catchUp(videoId, false)),
  }
}
