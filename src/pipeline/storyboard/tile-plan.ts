/**
 * Which pictures stand in a storyboard: keyframes at the beginnings of segments, at least `interval` apart. Pure.
 *
 * The interval doubles with every 300 pictures, so that their number stays bounded by the logarithm of the
 * length, and what is chosen of the beginning does not depend on how long the video becomes: sheets can be
 * made while it grows and need never be made again.
 *
 *     pictures   0 … 299   300 … 599   600 … 899   900 … 1199
 *     interval     2 s        4 s         8 s         16 s       10 min, 30 min, 70 min, 2 h 30 min
 */

/** A sheet has as many columns as rows. */
export const SHEET_COLUMNS = 5
export const TILES_PER_SHEET = SHEET_COLUMNS * SHEET_COLUMNS
const FIRST_INTERVAL_SECONDS = 2
const TILES_PER_INTERVAL = 300
/** Encoders' keyframes come a little early or late. Seconds. */
const EARLY = 0.1

export interface Tile {
  /** The segment whose first picture it is. */
  readonly segment: number
  /** Seconds; the first one of a video counts from 0. */
  readonly start: number
}

export interface SheetPlan {
  readonly number: number
  readonly tiles: readonly Tile[]
  /** Where the next picture begins, or the video ends; seconds. */
  readonly end: number
}

/** Chooses as the timeline grows. */
export class TileWalk {
  #count = 0
  #due = Number.NEGATIVE_INFINITY

  /** Whether the segment's first picture is chosen. Called for each segment once, in order. */
  take(segment: { readonly start: number }): boolean {
    if (segment.start < this.#due - EARLY) return false
    this.#due = segment.start + FIRST_INTERVAL_SECONDS * 2 ** Math.floor(this.#count / TILES_PER_INTERVAL)
    this.#count += 1
    return true
  }

  /** Sheets that are full, and whose last picture is known to have ended. */
  get fullSheets(): number {
    return Math.max(0, Math.floor((this.#count - 1) / TILES_PER_SHEET))
  }
}

/** The sheets that can be made now: full ones, and once the timeline has ended the rest. */
export function planSheets(timeline: {
  readonly segments: readonly { readonly number: number; readonly start: number }[]
  readonly ended: boolean
  readonly duration: number
}): readonly SheetPlan[] {
  const walk = new TileWalk()
  const tiles: Tile[] = []
  for (const segment of timeline.segments) {
    if (walk.take(segment))
      tiles.push({ segment: segment.number, start: tiles.length === 0 ? 0 : segment.start })
  }
  const count = timeline.ended ? Math.ceil(tiles.length / TILES_PER_SHEET) : walk.fullSheets
  return Array.from({ length: count }, (_, number) => {
    const end = (number + 1) * TILES_PER_SHEET
    return {
      number,
      tiles: tiles.slice(number * TILES_PER_SHEET, end),
      end: tiles[end]?.start ?? timeline.duration,
    }
  })
}

/** The size of one picture: 160 wide, a portrait one no higher than wide. Even numbers. */
export function tileSize(source: { readonly width: number; readonly height: number }): {
  readonly width: number
  readonly height: number
} {
  const scale = Math.min(160 / source.width, 160 / source.height)
  const even = (pixels: number) => Math.max(2, Math.round(pixels / 2) * 2)
  return { width: even(source.width * scale), height: even(source.height * scale) }
}
