/**
 * The smallest level of a codec that a picture of this size and rate fits, and the CODECS word that says so.
 * Pure. Limits: ITU-T H.264 (08/2021) Table A-1, High profile; ITU-T H.265 (08/2021) Tables A.8 and A.9,
 * Main tier; AV1 Bitstream & Decoding Process (2019-01-08) Annex A.3. Words: RFC 6381 §3.3,
 * ISO/IEC 14496-15:2022 Annex E, AV1 in ISOBMFF v1.2.0 §5.
 */

/** What rungs may be encoded in. */
export const VIDEO_CODECS = ['h264', 'hevc', 'av1'] as const
export type VideoCodec = (typeof VIDEO_CODECS)[number]

export interface CodedPictures {
  readonly width: number
  readonly height: number
  /** Frames a second. */
  readonly frameRate: number
  /** Bits per second, and bits. */
  readonly maxrate: number
  readonly bufsize: number
}

export interface CodecLevel {
  /** Such as "3.1". */
  readonly name: string
  /** RFC 6381. */
  readonly codecs: string
}

export function levelOf(codec: VideoCodec, pictures: CodedPictures): CodecLevel {
  if (codec === 'hevc') return hevcLevel(pictures)
  return codec === 'av1' ? av1Level(pictures) : avcLevel(pictures)
}

/** level_idc, macroblocks a second, a frame, in the decoder's buffer; kbit/s and kbit of buffer (High has 1.25 times those). */
const AVC = [
  [13, 11_880, 396, 2_376, 768, 2_000],
  [20, 11_880, 396, 2_376, 2_000, 2_000],
  [21, 19_800, 792, 4_752, 4_000, 4_000],
  [22, 20_250, 1_620, 8_100, 4_000, 4_000],
  [30, 40_500, 1_620, 8_100, 10_000, 10_000],
  [31, 108_000, 3_600, 18_000, 14_000, 14_000],
  [32, 216_000, 5_120, 20_480, 20_000, 20_000],
  [40, 245_760, 8_192, 32_768, 20_000, 25_000],
  [41, 245_760, 8_192, 32_768, 50_000, 62_500],
  [42, 522_240, 8_704, 34_816, 50_000, 62_500],
  [50, 589_824, 22_080, 110_400, 135_000, 135_000],
  [51, 983_040, 36_864, 184_320, 240_000, 240_000],
  [52, 2_073_600, 36_864, 184_320, 240_000, 240_000],
  [60, 4_177_920, 139_264, 696_320, 240_000, 240_000],
  [61, 8_355_840, 139_264, 696_320, 480_000, 480_000],
  [62, 16_711_680, 139_264, 696_320, 800_000, 800_000],
] as const
const LARGEST_AVC = AVC[AVC.length - 1] ?? AVC[0]
/** Pictures our encoder keeps for reference and reordering: three B-frames, one of them referred to. */
const KEPT_PICTURES = 4

function avcLevel({ width, height, frameRate, maxrate, bufsize }: CodedPictures): CodecLevel {
  const [across, down] = [Math.ceil(width / 16), Math.ceil(height / 16)]
  const frame = across * down
  const [idc] =
    AVC.find(
      ([, perSecond, perFrame, kept, kbits, buffer]) =>
        frame <= perFrame &&
        // neither side longer than the square root of eight frames.
        Math.max(across, down) <= Math.sqrt(perFrame * 8) &&
        frame * frameRate <= perSecond &&
        frame * KEPT_PICTURES <= kept &&
        maxrate <= kbits * 1250 &&
        bufsize <= buffer * 1250,
    ) ?? LARGEST_AVC
  return { name: levelName(idc / 10), codecs: `avc1.6400${idc.toString(16).padStart(2, '0')}` }
}

/** general_level_idc, luma samples a picture and a second, kbit/s and kbit of buffer (1.1 times those for NAL units). */
const HEVC = [
  [30, 36_864, 552_960, 128, 350],
  [60, 122_880, 3_686_400, 1_500, 1_500],
  [63, 245_760, 7_372_800, 3_000, 3_000],
  [90, 552_960, 16_588_800, 6_000, 6_000],
  [93, 983_040, 33_177_600, 10_000, 10_000],
  [120, 2_228_224, 66_846_720, 12_000, 12_000],
  [123, 2_228_224, 133_693_440, 20_000, 20_000],
  [150, 8_912_896, 267_386_880, 25_000, 25_000],
  [153, 8_912_896, 534_773_760, 40_000, 40_000],
  [156, 8_912_896, 1_069_547_520, 60_000, 60_000],
  [180, 35_651_584, 1_069_547_520, 60_000, 60_000],
  [183, 35_651_584, 2_139_095_040, 120_000, 120_000],
  [186, 35_651_584, 4_278_190_080, 240_000, 240_000],
] as const
const LARGEST_HEVC = HEVC[HEVC.length - 1] ?? HEVC[0]

function hevcLevel({ width, height, frameRate, maxrate, bufsize }: CodedPictures): CodecLevel {
  const samples = width * height
  const [idc] =
    HEVC.find(
      ([, perPicture, perSecond, kbits, buffer]) =>
        samples <= perPicture &&
        Math.max(width, height) <= Math.sqrt(perPicture * 8) &&
        samples * frameRate <= perSecond &&
        maxrate <= kbits * 1100 &&
        bufsize <= buffer * 1100,
    ) ?? LARGEST_HEVC
  // Main profile, compatible with Main and Main 10; progressive, whole frames.
  return { name: levelName(idc / 30), codecs: `hvc1.1.6.L${idc}.90` }
}

/** seq_level_idx, longest sides, luma samples a picture and a shown second. Rates are far below every limit. */
const AV1 = [
  [0, 2_048, 1_152, 147_456, 4_423_680],
  [1, 2_816, 1_584, 278_784, 8_363_520],
  [4, 4_352, 2_448, 665_856, 19_975_680],
  [5, 5_504, 3_096, 1_065_024, 31_950_720],
  [8, 6_144, 3_456, 2_359_296, 70_778_880],
  [9, 6_144, 3_456, 2_359_296, 141_557_760],
  [12, 8_192, 4_352, 8_912_896, 267_386_880],
  [13, 8_192, 4_352, 8_912_896, 534_773_760],
  [14, 8_192, 4_352, 8_912_896, 1_069_547_520],
  [16, 16_384, 8_704, 35_651_584, 1_069_547_520],
  [18, 16_384, 8_704, 35_651_584, 4_278_190_080],
] as const
const LARGEST_AV1 = AV1[AV1.length - 1] ?? AV1[0]

function av1Level({ width, height, frameRate }: CodedPictures): CodecLevel {
  const [idx] =
    AV1.find(
      ([, longest, shortest, perPicture, perSecond]) =>
        width <= longest &&
        height <= shortest &&
        width * height <= perPicture &&
        width * height * frameRate <= perSecond,
    ) ?? LARGEST_AV1
  return {
    name: `${2 + (idx >> 2)}.${idx & 3}`,
    codecs: `av01.0.${String(idx).padStart(2, '0')}M.08`,
  }
}

function levelName(level: number): string {
  return level.toFixed(1)
}
