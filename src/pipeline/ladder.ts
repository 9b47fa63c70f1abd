/**
 * The ladder: which qualities a video gets and what the encoder is told for each. Pure.
 *
 * Rungs lie below the source, never above it, and are named for their shorter side, so that a
 * portrait 1080x1920 is "1080p" as people call it. Capped constant quality (CRF with maxrate):
 * easy pictures cost little, hard ones do not exceed the cap. Frame rate is kept.
 * Levels: ITU-T H.264 (08/2021) Table A-1.
 */

/** What the encoder is told for one rendition. Kept in Rendition.settings. Rates in bits per second. */
export interface Rung {
  readonly kind: 'video'
  /** Folder in the media store and word in playlists, such as "480p". */
  readonly name: string
  readonly width: number
  readonly height: number
  readonly frameRate: number
  readonly crf: number
  readonly maxrate: number
  /** Bits. */
  readonly bufsize: number
  readonly profile: 'high'
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
  readonly channels: 2
  readonly sampleRate: 48_000
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

const LARGEST_SIDE = 2160
/** A rung this near to what stands above it would cost and give nothing. */
const WORTH_A_RUNG = 0.95

/**
 * Rungs from the highest to the lowest.
 * `measured`: the original is played as it is, only what lies strictly below it is encoded (maybe nothing).
 * `planned`: nothing of the source is played, so the top rung has the source's own size (at most 2160p).
 */
export function planLadder(source: LadderSource, timeline: 'measured' | 'planned'): readonly Rung[] {
  const side = Math.min(source.width, source.height)
  const rungs: Rung[] = []
  let above = side
  if (timeline === 'planned') {
    const top = Math.min(side, LARGEST_SIDE)
    rungs.push(makeRung(source, top))
    above = top
  }
  for (const step of STEPS.toReversed()) {
    if (step.side <= above * WORTH_A_RUNG) {
      rungs.push(makeRung(source, step.side))
      above = step.side
    }
  }
  return rungs
}

/** The one made first: the cheapest to make, and the one any connection can play. */
export function lowestRung(rungs: readonly Rung[]): Rung | undefined {
  return rungs.reduce<Rung | undefined>(
    (low, rung) => (low && low.width * low.height <= rung.width * rung.height ? low : rung),
    undefined,
  )
}

function makeRung(source: LadderSource, side: number): Rung {
  const scale = side / Math.min(source.width, source.height)
  const width = even(source.width * scale, source.width)
  const height = even(source.height * scale, source.height)
  const frameRate = source.frameRate > 0 ? source.frameRate : 30
  const maxrate = Math.round(maxrateOf(width, height, frameRate) / 1000) * 1000
  const level = levelFor(width, height, frameRate, maxrate)
  return {
    kind: 'video',
    name: `${Math.min(width, height)}p`,
    width,
    height,
    frameRate,
    crf: STEPS.find((step) => step.side >= side)?.crf ?? 23,
    maxrate,
    bufsize: maxrate * 2,
    profile: 'high',
    level: level.name,
    preset: 'veryfast',
    // The buffer lets a segment of a few seconds exceed the cap.
    bandwidth: Math.round(maxrate * 1.25),
    averageBandwidth: Math.round(maxrate * 0.75),
    codecs: `avc1.6400${level.idc.toString(16).padStart(2, '0')}`,
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

/** name, level_idc, macroblocks a second, macroblocks a frame, kbit/s (Baseline and Main; High has 1.25 times). */
const LEVELS = [
  ['1.3', 13, 11_880, 396, 768],
  ['2.0', 20, 11_880, 396, 2_000],
  ['2.1', 21, 19_800, 792, 4_000],
  ['3.0', 30, 40_500, 1_620, 10_000],
  ['3.1', 31, 108_000, 3_600, 14_000],
  ['3.2', 32, 216_000, 5_120, 20_000],
  ['4.0', 40, 245_760, 8_192, 20_000],
  ['4.2', 42, 522_240, 8_704, 50_000],
  ['5.0', 50, 589_824, 22_080, 135_000],
  ['5.1', 51, 983_040, 36_864, 240_000],
  ['5.2', 52, 2_073_600, 36_864, 240_000],
  ['6.0', 60, 4_177_920, 139_264, 240_000],
  ['6.2', 62, 16_711_680, 139_264, 800_000],
] as const

function levelFor(
  width: number,
  height: number,
  frameRate: number,
  maxrate: number,
): { name: string; idc: number } {
  const frame = Math.ceil(width / 16) * Math.ceil(height / 16)
  const fit = LEVELS.find(
    ([, , perSecond, perFrame, kbits]) =>
      frame <= perFrame && frame * frameRate <= perSecond && maxrate <= kbits * 1250,
  )
  const [name, idc] = fit ?? ['6.2', 62]
  return { name, idc }
}
