/** One row of the table of inputs, and what has to come of it. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'vitest'
import { joinRendition } from '../media.ts'
import { addUpload, type TestPipeline, untilSettled } from '../pipeline.ts'
import { CORNERS, type Colour, farthest, seePictures } from './picture.ts'

export interface GoldenInput {
  readonly title: string
  /** File name; its ending matters to ffmpeg when it writes, not to us. */
  readonly name: string
  readonly make: (file: string) => Promise<unknown>
  /** In every run of the tests, not in the long ones alone. */
  readonly always?: true
  readonly want: {
    readonly timeline: 'measured' | 'planned'
    /** As displayed. */
    readonly width: number
    readonly height: number
    readonly seconds: number
    /** How far from `seconds` it may be; half a frame or so by default. */
    readonly within?: number
    /** Pictures of what is encoded, or of the original. Undefined: not looked at. */
    readonly frames?: number | undefined
    readonly frameRate?: number | undefined
    /** Top left, top right, bottom left, bottom right. */
    readonly corners?: readonly Colour[]
    /** Of any colour channel, of 255. */
    readonly tolerance?: number
    /** Share of the clock at the beginning and at the end. Undefined: 0 and 1; null: it has none. */
    readonly clock?: readonly [from: number, to: number] | null
    readonly sound?: boolean
    /** What the creator is told; undefined: nothing. */
    readonly note?: RegExp
  }
}

/** Uploads it, waits until all of it is made, and looks at what came out. */
export async function expectGolden(pipeline: TestPipeline, input: GoldenInput): Promise<void> {
  const { want } = input
  const file = path.join(pipeline.storageDir, input.name)
  await input.make(file)
  const videoId = await addUpload(pipeline, file)
  const video = await untilSettled(pipeline, videoId)
  const { width, height, seconds, within = 0.06 } = want
  expect(video).toMatchObject({ state: 'ready', playable: true, timelineKind: want.timeline, width, height })
  expect(video.failureDetail ?? '').toEqual(want.note ? expect.stringMatching(want.note) : '')
  expect(Math.abs((video.durationSeconds ?? 0) - seconds), `lasts ${video.durationSeconds} s`).toBeLessThan(
    within,
  )
  if (want.frameRate !== undefined) expect(video.frameRate).toBeCloseTo(want.frameRate, 2)
  expect(video.renditions.map(({ state }) => state)).toEqual(video.renditions.map(() => 'ready'))
  expect(video.renditions.some(({ kind }) => kind === 'audio')).toBe(want.sound ?? true)
  const shown = video.renditions.filter(({ kind }) => kind !== 'audio')
  expect(shown.length).toBeGreaterThan(0)
  for (const { name, kind, width: wide, height: high } of shown) {
    const joined = path.join(pipeline.storageDir, `${videoId}-${name}.mp4`)
    await writeFile(joined, await joinRendition(pipeline.store, videoId, name))
    const seen = await seePictures(joined)
    // What is encoded has square pixels and stands upright.
    if (kind === 'video') expect([seen.width, seen.height]).toEqual([wide, high])
    if (want.frames !== undefined) expect(seen.pictures).toHaveLength(want.frames)
    const { pictures } = seen
    const last = pictures.at(-1)?.at ?? Number.NaN
    expect(last).toBeLessThan(seconds + within)
    for (const share of [0.1, 0.5, 0.9]) {
      const picture = pictures.findLast(({ at }) => at <= seconds * share + 0.001)
      const where = `${name} at ${(seconds * share).toFixed(2)} s`
      expect(
        farthest(picture?.corners ?? [], want.corners ?? CORNERS),
        `${where}: ${JSON.stringify(picture?.corners)}`,
      ).toBeLessThan(want.tolerance ?? 24)
      if (want.clock === null) continue
      const [from, to] = want.clock ?? [0, 1]
      expect(
        Math.abs((picture?.clock ?? Number.NaN) - (from + (to - from) * share)),
        `${where}: clock ${picture?.clock}`,
      ).toBeLessThan(0.09)
    }
    if (kind === 'video' && want.timeline === 'planned') {
      const steps = pictures.slice(1).map(({ at }, i) => at - (pictures[i]?.at ?? 0))
      expect(Math.max(...steps) - Math.min(...steps), 'an even pace').toBeLessThan(0.001)
    }
  }
}
