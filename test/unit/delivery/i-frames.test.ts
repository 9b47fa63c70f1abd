import { expect, it } from 'vitest'
import { makeIFrameFinder } from '../../../src/delivery/media/i-frames.ts'
import type { Offer } from '../../../src/delivery/media/playable-renditions.ts'
import type { RenditionRecord, VideoRecord } from '../../../src/library/video-record.ts'
import type { Timeline, TimelineSegment } from '../../../src/packaging/timeline.ts'

const variant = (name: string, codecs = 'avc1.64001e') => ({
  ...{ name, codecs, width: 640, height: 360, frameRate: 30, bandwidth: 1, averageBandwidth: 1 },
})
const row = (name: string, more: Partial<RenditionRecord> = {}) =>
  ({
    name,
    kind: 'video',
    state: 'ready',
    codecs: 'avc1.64001e',
    width: 640,
    height: 360,
    bytes: 1,
    ...more,
  }) as RenditionRecord
const segment = (number: number, keyframe?: { offset: number; bytes: number }): TimelineSegment => ({
  ...{ kind: 'segment', number, init: 0, start: number * 2, duration: 2, frames: 60, discontinuity: false },
  ...{ videoBytes: 1, audioBytes: 0 },
  ...(keyframe && { keyframe }),
})
const timeline = (...segments: TimelineSegment[]): Timeline => ({
  ...{ kind: 'measured', inits: [], segments, ended: true, duration: segments.length * 2 },
})
const offer = (...variants: Offer['variants']): Offer => ({ variants, sounds: [] })
const video = (...renditions: RenditionRecord[]) => ({ mediaId: 'v', renditions }) as unknown as VideoRecord
const range = { offset: 88, bytes: 1000 }

it('a segment that does not begin with a keyframe is a gap, and does not count', async () => {
  const find = makeIFrameFinder(async () => undefined)
  const [found] = await find(
    video(row('original', { kind: 'original' })),
    timeline(segment(0), segment(1, range), segment(2, { ...range, bytes: 2000 })),
    offer(variant('original')),
  )
  expect(found?.frames.map((frame) => frame.range?.bytes)).toEqual([undefined, 1000, 2000])
  expect([found?.bandwidth, found?.averageBandwidth]).toEqual([8000, 6000])
})

it('of the rungs the lowest that is made, in H.264', async () => {
  const asked: string[] = []
  const find = makeIFrameFinder(async (_, name) => {
    asked.push(name)
    return [range]
  })
  const renditions = [
    row('120p', { state: 'encoding', width: 214, height: 120 }),
    row('240p-av1', { codecs: 'av01.0.00M.08', width: 426, height: 240 }),
    row('240p', { width: 426, height: 240 }),
    row('360p'),
  ]
  const found = await find(
    video(...renditions),
    timeline(segment(0)),
    offer(...renditions.map(({ name }) => variant(name))),
  )
  expect(found.map((of) => of.variant.name)).toEqual(['240p'])
  expect(asked).toEqual(['240p'])
})

it('is looked up once while it is the same, and anew when it was made anew', async () => {
  let asked = 0
  const find = makeIFrameFinder(async () => {
    asked += 1
    return [range]
  })
  const look = (bytes: number) =>
    find(video(row('240p', { bytes })), timeline(segment(0)), offer(variant('240p')))
  await Promise.all([look(1), look(1)])
  await look(1)
  expect(asked).toBe(1)
  await look(2)
  expect(asked).toBe(2)
})

it('that the database does not tell of, or tells of another number of segments, is not offered, and is asked for again', async () => {
  const answers = [
    () => Promise.reject(new Error('away')),
    async () => [range, range],
    async () => undefined,
    async () => [range],
  ]
  const find = makeIFrameFinder(() => answers.shift()?.() ?? Promise.resolve(undefined))
  const look = async (bytes: number) =>
    (await find(video(row('240p', { bytes })), timeline(segment(0)), offer(variant('240p')))).length
  expect([await look(1), await look(2), await look(3), await look(3)]).toEqual([0, 0, 0, 1])
})
