import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { VideoId } from '../../../src/kernel/ids.ts'
import { makeLogger } from '../../../src/kernel/logger.ts'
import {
  encodeTimelineEntry,
  type TimelineEntry,
  type TimelineInit,
  type TimelineSegment,
} from '../../../src/packaging/timeline.ts'
import type { PipelineCatalogue, PlanStep } from '../../../src/pipeline/catalogue.ts'
import { type ChunkRange, frontierAfter, NO_CHUNKS } from '../../../src/pipeline/chunk-plan.ts'
import type { JobRequest } from '../../../src/pipeline/job-kinds.ts'
import { makePlanner } from '../../../src/pipeline/planner.ts'
import type { TimelineStore } from '../../../src/pipeline/stored-timelines.ts'

const id = 'video' as VideoId
const init: TimelineInit = {
  kind: 'init',
  init: 0,
  video: { codec: 'avc1.64001f', width: 640, height: 360, frameRate: 30 },
  audio: { codec: 'mp4a.40.2', channels: 2, sampleRate: 48_000 },
}
const segment = (number: number): TimelineSegment => ({
  kind: 'segment',
  number,
  init: 0,
  start: number * 4,
  duration: 4,
  frames: 120,
  discontinuity: false,
  videoBytes: 1,
  audioBytes: 1,
})

/** A planner over a stored timeline and a catalogue that remembers what it was told, or refuses. */
function setUp() {
  const stored: TimelineEntry[] = []
  const steps: PlanStep[] = []
  const rows: ChunkRange[] = []
  const jobs: JobRequest[] = []
  const state = { refuse: false, now: 0 }
  const content = () => Buffer.from(stored.map(encodeTimelineEntry).join(''))
  const store: TimelineStore = {
    stat: async () =>
      stored.length === 0 ? undefined : { bytes: content().byteLength, modifiedAt: new Date(0) },
    stream: async (_key, range) => Readable.from([content().subarray(range?.start, range?.end)]),
  }
  const catalogue = {
    findVideo: async () => ({
      id,
      origin: 'broadcast',
      state: 'live',
      timelineKind: undefined,
      timelineComplete: false,
      hasPoster: false,
      hasWaveform: false,
      playable: false,
      upload: undefined,
    }),
    renditions: async () => steps.flatMap(({ renditions = [] }) => renditions),
    plan: async (_: VideoId, step: PlanStep) => {
      if (state.refuse) throw new Error('the database is away')
      steps.push(step)
      const cut = step.chunks?.cut(frontierAfter(rows, NO_CHUNKS)) ?? []
      rows.push(...cut)
      jobs.push(...cut.flatMap((range) => step.chunks?.jobsOf(range) ?? []))
      return frontierAfter(rows, NO_CHUNKS)
    },
  } as unknown as PipelineCatalogue
  const parts = { store, catalogue, logger: makeLogger('silent'), now: () => state.now }
  const planner = makePlanner(parts)
  const grow = async (entry: TimelineInit | TimelineSegment, by = planner) => {
    stored.push(entry)
    await by.extendTimeline(id, entry)
  }
  const planned = () =>
    rows.map(({ index, firstSegment, segmentCount }) => [index, firstSegment, segmentCount])
  return { stored, steps, rows, jobs, state, planner, grow, planned, another: () => makePlanner(parts) }
}

describe('a growing timeline', () => {
  it('has its renditions planned with the first configuration, its chunks as they close', async () => {
    const { steps, grow, planned } = setUp()
    await grow(init)
    expect(steps[0]?.renditions?.map(({ name }) => name)).toEqual(['original', 'audio', '240p'])
    for (let number = 0; number < 5; number++) await grow(segment(number))
    expect(planned()).toEqual([
      [0, 0, 2],
      [1, 2, 2],
    ])
  })

  it('plays and gets its poster with the first segment', async () => {
    const { steps, grow } = setUp()
    await grow(init)
    await grow(segment(0))
    expect(steps.at(-1)).toMatchObject({ facts: { playable: true }, jobs: [{ kind: 'make-poster' }] })
    await grow(segment(1))
    await grow(segment(2))
    expect(steps.at(-1)?.jobs).toEqual([])
  })

  it('of pictures that only an encoder understands plays as soon as there are some', async () => {
    const { steps, grow } = setUp()
    const carriedVideo = { codec: 'sorenson', codecId: 2, width: 640, height: 360, frameRate: 25 } as const
    const carriedAudio = { codec: 'mp3', channels: 2, sampleRate: 44_100 } as const
    await grow({ kind: 'init', init: 0, carriedVideo, carriedAudio })
    await grow({ ...segment(0), videoBytes: 0, audioBytes: 0 })
    expect(steps[0]?.renditions?.map(({ name }) => name)).toEqual(['audio', '360p', '240p'])
    expect(steps.at(-1)).toMatchObject({ facts: { playable: true }, jobs: [{ kind: 'make-poster' }] })
  })

  it('gets its sound when that comes after the pictures and has to be encoded', async () => {
    const { steps, grow } = setUp()
    const { video } = init
    await grow({ kind: 'init', init: 0, ...(video && { video }) })
    await grow(segment(0))
    await grow({ ...init, init: 1, carriedAudio: { codec: 'speex', channels: 1, sampleRate: 16_000 } })
    await grow({ ...segment(1), init: 1 })
    expect(steps.flatMap(({ renditions = [] }) => renditions.map(({ name }) => name))).toEqual([
      'original',
      '240p',
      'audio',
    ])
  })

  it('of sound alone waits a little for pictures, then plays without them, and has its poster when they come', async () => {
    const { steps, grow } = setUp()
    const { audio } = init
    await grow({ kind: 'init', init: 0, ...(audio && { audio }) })
    const playable = () => steps.some(({ facts }) => facts?.playable)
    const posters = () => steps.flatMap(({ jobs = [] }) => jobs).filter(({ kind }) => kind === 'make-poster')
    for (let number = 0; number < 2; number++) await grow({ ...segment(number), frames: 0, videoBytes: 0 })
    expect(playable()).toBe(false)
    await grow({ ...segment(2), frames: 0, videoBytes: 0 })
    expect(playable()).toBe(true)
    expect(posters()).toEqual([])
    await grow({ ...init, init: 1 })
    await grow({ ...segment(3), init: 1, discontinuity: true })
    expect(steps.flatMap(({ renditions = [] }) => renditions).map(({ name }) => name)).toContain('original')
    expect(posters()).toHaveLength(1)
  })

  it('loses nothing while the database is away', async () => {
    const { state, grow, planned } = setUp()
    await grow(init)
    state.refuse = true
    await expect(grow(segment(0))).rejects.toThrow('away')
    await expect(grow(segment(1))).rejects.toThrow('away')
    await expect(grow(segment(2))).rejects.toThrow('away')
    state.refuse = false
    await grow(segment(3))
    await grow(segment(4))
    expect(planned()).toEqual([
      [0, 0, 2],
      [1, 2, 2],
    ])
  })

  it('is read from the store by a planner that was not there before', async () => {
    const { grow, planned, another } = setUp()
    await grow(init)
    for (let number = 0; number < 3; number++) await grow(segment(number))
    const other = another()
    await grow(segment(3), other)
    await grow(segment(4), other)
    expect(planned()).toEqual([
      [0, 0, 2],
      [1, 2, 2],
    ])
  })

  it('is read from the store where calls were lost', async () => {
    const { stored, grow, planned } = setUp()
    await grow(init)
    await grow(segment(0))
    stored.push(segment(1), segment(2), segment(3))
    await grow(segment(4))
    expect(planned()).toEqual([
      [0, 0, 2],
      [1, 2, 2],
    ])
  })

  it('closes its last chunk at its end, and is complete', async () => {
    const { stored, steps, grow, planned, planner } = setUp()
    await grow(init)
    for (let number = 0; number < 3; number++) await grow(segment(number))
    stored.push({ kind: 'end', duration: 12 })
    await planner.completeTimeline(id)
    expect(planned().slice(-1)).toEqual([[1, 2, 1]])
    expect(steps.at(-1)?.facts).toMatchObject({ timelineComplete: true, durationSeconds: 12 })
  })

  it('is planned in the order of the calls, though nobody waits for them', async () => {
    const { stored, planner, planned } = setUp()
    stored.push(init)
    const calls = [planner.extendTimeline(id, init)]
    for (let number = 0; number < 7; number++) {
      stored.push(segment(number))
      calls.push(planner.extendTimeline(id, segment(number)))
    }
    await Promise.all(calls)
    expect(planned()).toEqual([
      [0, 0, 2],
      [1, 2, 2],
      [2, 4, 2],
    ])
  })

  it('has its ladder planned later when the database was away in its first moment', async () => {
    const { state, steps, grow } = setUp()
    state.refuse = true
    await expect(grow(init)).rejects.toThrow('away')
    state.refuse = false
    await grow(segment(0))
    expect(steps[0]?.renditions?.map(({ name }) => name)).toEqual(['original', 'audio', '240p'])
    expect(steps[1]).toMatchObject({ facts: { playable: true } })
  })
})

describe('a viewer at the live edge', () => {
  it('gets a chunk for what he asks for, and one for each segment that follows, for a while', async () => {
    const { state, grow, planned, planner } = setUp()
    await grow(init)
    for (let number = 0; number < 4; number++) await grow(segment(number))
    expect(planned()).toEqual([[0, 0, 2]])
    expect(await planner.reachSegment(id, 3)).toBe(true)
    await grow(segment(4))
    state.now += 60_000
    await grow(segment(5))
    await grow(segment(6))
    await grow(segment(7))
    expect(planned()).toEqual([
      [0, 0, 2],
      [1, 2, 1],
      [2, 3, 1],
      [3, 4, 1],
      [4, 5, 2],
    ])
  })

  it('is told when there is no such segment', async () => {
    const { grow, planned, planner } = setUp()
    await grow(init)
    await grow(segment(0))
    expect(await planner.reachSegment(id, 1)).toBe(false)
    expect(planned()).toEqual([])
  })

  it('may ask another process, and no segment is in two chunks or in none', async () => {
    const { grow, planned, another, jobs } = setUp()
    const web = another()
    await grow(init)
    for (let number = 0; number < 4; number++) await grow(segment(number))
    expect(await web.reachSegment(id, 2)).toBe(true)
    expect(planned()).toEqual([
      [0, 0, 2],
      [1, 2, 1],
      [2, 3, 1],
    ])
    await grow(segment(4))
    await grow(segment(5))
    // Seen from the rows: the edge is followed.
    await grow(segment(6))
    await grow(segment(7))
    expect(planned().map(([, first, count]) => [first, count])).toEqual([
      [0, 2],
      [2, 1],
      [3, 1],
      [4, 1],
      [5, 1],
      [6, 1],
      [7, 1],
    ])
    expect(jobs).toHaveLength(7)
  })
})
