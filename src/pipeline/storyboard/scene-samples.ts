/**
 * Where the scenes of a video change, from its storyboard: each picture in a few grey pixels, and how much it
 * differs from the one before. Pure.
 */
import { SCENE_HEIGHT, SCENE_WIDTH } from '../ffmpeg/storyboard-argv.ts'

export const SAMPLE_BYTES = SCENE_WIDTH * SCENE_HEIGHT

export interface SceneSheet {
  /** Seconds. */
  readonly starts: readonly number[]
  /** SAMPLE_BYTES for each of them. */
  readonly samples: Uint8Array
}

export interface SceneChange {
  /** Seconds. */
  readonly start: number
  /** 0 to 1. */
  readonly score: number
}

/** Below it two pictures show the same place. */
const LEAST_SCORE = 0.12
/** How far a change must stand out from what changes all the time, in a video that moves a lot. */
const ABOVE_USUAL = 2.5
const MOST_CHANGES = 24
const LEAST_APART_SECONDS = 10

/** The strongest changes, in order of time, far enough apart to be chapters of a video of this length. */
export function findSceneChanges(
  sheets: readonly SceneSheet[],
  durationSeconds: number,
): readonly SceneChange[] {
  const changes = changesOf(sheets)
  const usual = median(changes.map(({ score }) => score))
  const apart = Math.max(LEAST_APART_SECONDS, durationSeconds / (2 * MOST_CHANGES))
  const chosen: SceneChange[] = []
  const strong = changes
    .filter(({ score }) => score >= Math.max(LEAST_SCORE, usual * ABOVE_USUAL))
    .toSorted((a, b) => b.score - a.score)
  for (const change of strong) {
    if (chosen.length === MOST_CHANGES) break
    const tooNear = [0, durationSeconds, ...chosen.map(({ start }) => start)].some(
      (at) => Math.abs(at - change.start) < apart,
    )
    if (!tooNear) chosen.push(change)
  }
  return chosen.toSorted((a, b) => a.start - b.start)
}

function changesOf(sheets: readonly SceneSheet[]): readonly SceneChange[] {
  const changes: SceneChange[] = []
  let before: Uint8Array | undefined
  for (const { starts, samples } of sheets) {
    for (const [i, start] of starts.entries()) {
      const picture = samples.subarray(i * SAMPLE_BYTES, (i + 1) * SAMPLE_BYTES)
      if (before) changes.push({ start, score: difference(before, picture) })
      before = picture
    }
  }
  return changes
}

/** Mean absolute difference of brightness, 0 to 1. */
function difference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0
  for (const [i, value] of a.entries()) sum += Math.abs(value - (b[i] ?? value))
  return sum / (Math.max(1, a.length) * 255)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
