/**
 * The ladder: which qualities a video gets and what the encoder is told for each. Pure.
 *
 * Rungs lie below the source, never above it, and are named for their shorter side, so that a
 * portrait 1080x1920 is "1080p" as people call it. Capped constant quality (CRF with maxrate):
 * easy pictures cost little, hard ones do not exceed the cap. Frame rate is kept; above 60 a second
 * every other frame is left out until it is not, so that what moves evenly goes on moving evenly.
 */
import { levelOf, type VideoCodec } from './codec-levels.ts'

/** What the encoder is told for one rendition. Kept in Rendition.settings. Rates in bits per second. */
export interface Rung {
  readonly kind: 'video'
  /** Folder in the media store and word in playlists, such as "480p" or "480p-hevc". */
  readonly name: string
  /** Absent: H.264. */
  readonly codec?: VideoCodec
  readonly width: number
  readonly height: number
  readonly frameRate: number
  /** Of so many frames of the source the first is encoded. Absent: every one is. */
  readonly frameStep?: number
  readonly crf: number
  readonly maxrate: number
  /** Bits. */
  readonly bufsize: number
  readonly profile: 'high' | 'main'
  /** Such as "3.1". */
  readonly level: string
  readonly preset: string
  /** Estimates for the multivariant playlist until they are measured. */
  readonly bandwidth: number
  readonly averageBandwidth: number
  /** RFC 6381, as expected from profile and level. */
  readonly codecs: string
}

/** The encoded audio rendition. */
export interface AudioSettings {
  readonly kind: 'audio'
  readonly codec: 'aac'
  readonly bitRate: number
  readonly channels: 1 | 2
  readonly sampleRate: 48_000
  /** Stream of the upload. Absent: the one heard by default, or what is carried beside the timeline. */
  readonly streamIndex?: number
  /** Decibels it is made louder by; absent: none. */
  readonly gainDb?: number
  /** Peaks that go beyond are pressed down: of sounds mixed together or made louder. */
  readonly limited?: true
  /** Seconds from the file's start, as ffmpeg counts them, at which the timeline is 0; negative when the file begins later. */
  readonly originSeconds: number
}

export const ENCODED_AUDIO: AudioSettings = {
  kind: 'audio',
  codec: 'aac',
  bitRate: 128_000,
  channels: 2,
  sampleRate: 48_000,
  originSeconds: 0,
}

export type RenditionSettings = Rung | AudioSettings

/** Displayed size: rotation and pixel aspect applied. */
export interface LadderSource {
  readonly width: number
  readonly height: number
  readonly frameRate: number
}

/** Shorter side, and maxrate at 16:9 and up to 30 frames a second. */
const STEPS = [
  { side: 240, maxrate: 400_000, crf: 24 },
  { side: 360, maxrate: 800_000, crf: 24 },
  { side: 480, maxrate: 1_400_000, crf: 24 },
  { side: 720, maxrate: 2_800_000, crf: 23 },
  { side: 1080, maxrate: 5_000_000, crf: 23 },
  { side: 1440, maxrate: 9_000_000, crf: 23 },
  { side: 2160, maxrate: 18_000_000, crf: 23 },
] as const

/** Beside H.264: of its cap so much, and a constant quality that looks about the same. */
const CODINGS = {
  h264: { suffix: '', cap: 1, crf: 0, profile: 'high', preset: 'veryfast' },
  hevc: { suffix: '-hevc', cap: 0.65, crf: 4, profile: 'main', preset: 'veryfast' },
  av1: { suffix: '-av1', cap: 0.55, crf: 12, profile: 'main', preset: '8' },
} as const satisfies Record<VideoCodec, { profile: Rung['profile'] } & Record<string, unknown>>

const LARGEST_SIDE = 2160
/** A rung this near to what stands above it would cost and give nothing. */
const WORTH_A_RUNG = 0.95
/** The most that is shown; cameras' clocks run a little fast. */
const MOST_FRAMES = 60.5
/** Of a source that does not say. */
const USUAL_FRAMES = 30

/**
 * Rungs from the highest to the lowest, those of H.264 first.
 * `measured`: the original is played as it is, only what lies strictly below it is encoded (maybe nothing).
 * `planned`: nothing of the source is played, so the top rung has the source's own size (at most 2160p).
 * So it has in other codecs in any case: some players stay with one codec, and would never see that size.
 */
export function planLadder(
  source: LadderSource,
  timeline: 'measured' | 'planned',
  codecs: readonly VideoCodec[] = ['h264'],
): readonly Rung[] {
  return codecs.flatMap((codec) => {
    const sides = sidesOf(source, codec === 'h264' ? timeline : 'planned')
    return sides.map((side) => makeRung(source, side, codec))
  })
}

function sidesOf(source: LadderSource, timeline: 'measured' | 'planned'): readonly number[] {
  const side = Math.min(source.width, source.height)
  const sides: number[] = []
  let above = side
  if (timeline === 'planned') {
    above = Math.min(side, LARGEST_SIDE)
    sides.push(above)
  }
  for (const step of STEPS.toReversed()) {
    if (step.side > above * WORTH_A_RUNG) continue
    sides.push(step.side)
    above = step.side
  }
  return sides
}

/** Every how many-th frame is shown: 1 up to 60 a second, then 2, 4 …, never another. */
export function frameStepOf(frameRate: number): number {
  let step = 1
  while (frameRate / step > MOST_FRAMES) step *= 2
  return step
}

/** The one made first: the cheapest to make, and the one any connection and any player can play. */
export function lowestRung(rungs: readonly Rung[]): Rung | undefined {
  return rungs
    .filter(({ codec = 'h264' }) => codec === 'h264')
    .reduce<Rung | undefined>(
      (low, rung) => (low && low.width * low.height <= rung.width * rung.height ? low : rung),
      undefined,
    )
}

function makeRung(source: LadderSource, side: number, codec: VideoCodec): Rung {
  const scale = side / Math.min(source.width, source.height)
  const width = even(source.width * scale, source.width)
  const height = even(source.height * scale, source.height)
  const given = source.frameRate > 0 ? source.frameRate : USUAL_FRAMES
  const step = frameStepOf(given)
  const frameRate = given / step
  const coding = CODINGS[codec]
  const maxrate = Math.round((maxrateOf(width, height, frameRate) * coding.cap) / 1000) * 1000
  const bufsize = maxrate * 2
  const level = levelOf(codec, { width, height, frameRate, maxrate, bufsize })
  return {
    kind: 'video',
    name: `${Math.min(width, height)}p${coding.suffix}`,
    ...(codec !== 'h264' && { codec }),
    width,
    height,
    frameRate,
    ...(step > 1 && { frameStep: step }),
    crf: (STEPS.find((of) => of.side >= side)?.crf ?? 23) + coding.crf,
    maxrate,
    bufsize,
    profile: coding.profile,
    level: level.name,
    preset: coding.preset,
    // The buffer lets a segment of a few seconds exceed the cap.
    bandwidth: Math.round(maxrate * 1.25),
    averageBandwidth: Math.round(maxrate * 0.75),
    codecs: level.codecs,
  }
}

/** By area between the steps, so that a square or a very wide picture gets what its pixels need. */
function maxrateOf(width: number, height: number, frameRate: number): number {
  const pixels = width * height
  const area = (side: number) => (side * side * 16) / 9
  const upper = STEPS.findIndex((step) => area(step.side) >= pixels)
  const high = STEPS[upper === -1 ? STEPS.length - 1 : upper] ?? STEPS[0]
  const low = upper > 0 ? STEPS[upper - 1] : undefined
  let rate: number
  if (low && upper !== -1) {
    const share = (pixels - area(low.side)) / (area(high.side) - area(low.side))
    rate = low.maxrate + share * (high.maxrate - low.maxrate)
  } else {
    rate = (high.maxrate * pixels) / area(high.side)
  }
  return Math.max(64_000, rate * (frameRate > 33 ? 1.5 : 1))
}

/** 4:2:0 needs even sizes; an odd source loses a line rather than being stretched by one. */
function even(pixels: number, atMost: number): number {
  return Math.max(2, Math.min(Math.round(pixels / 2), Math.floor(atMost / 2)) * 2)
}
