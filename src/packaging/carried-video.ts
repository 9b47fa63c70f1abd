/**
 * Pictures of the codecs of old that CMAF does not carry: kept as they came (carried-piece.ts), and encoded
 * from there. How large they are stands in the first of them.
 * Spec: FLV 10.1 §E.4.3; Sorenson H.263 and Screen Video: SWF 19 (2012) ch. 14; VP6: VP6 Bitstream &
 * Decoder Specification 1.02 §9.
 */
import type { VideoTagCodec } from '../formats/flv/video-tag.ts'

/** In the timeline's init. */
export interface CarriedVideo {
  readonly codec: VideoTagCodec
  /** Low half of the legacy tags' first byte. */
  readonly codecId: number
  readonly width: number
  readonly height: number
  /** Nominal frames per second. */
  readonly frameRate: number
}

export interface PictureSize {
  readonly width: number
  readonly height: number
}

/** Whether the encoder can make something of it. */
export function isCarriedVideo(codec: VideoTagCodec): boolean {
  return codec === 'sorenson' || codec === 'vp6' || codec === 'screen'
}

/** Undefined for what is no whole first picture. `data` begins after the tag's first byte. */
export function readPictureSize(codec: VideoTagCodec, data: Uint8Array): PictureSize | undefined {
  const size = codec === 'sorenson' ? sorensonSize(data) : codec === 'vp6' ? vp6Size(data) : screenSize(data)
  return size.width > 0 && size.height > 0 ? size : undefined
}

const SORENSON_SIZES: readonly (PictureSize | undefined)[] = [
  undefined,
  undefined,
  { width: 352, height: 288 },
  { width: 176, height: 144 },
  { width: 128, height: 96 },
  { width: 320, height: 240 },
  { width: 160, height: 120 },
]

/** startCode:17 version:5 temporalReference:8 size:3 [ width, height: 8 each when 0, 16 each when 1 ] */
function sorensonSize(data: Uint8Array): PictureSize {
  const bits = (from: number, count: number) => {
    let value = 0
    for (let at = from; at < from + count; at++)
      value = value * 2 + (((data[at >> 3] ?? 0) >> (7 - (at & 7))) & 1)
    return value
  }
  const code = bits(30, 3)
  if (code < 2) {
    const each = code === 0 ? 8 : 16
    return { width: bits(33, each), height: bits(33 + each, each) }
  }
  return SORENSON_SIZES[code] ?? { width: 0, height: 0 }
}

/** blockWidth:4 width:12 blockHeight:4 height:12 */
function screenSize(data: Uint8Array): PictureSize {
  const [a = 0, b = 0, c = 0, d = 0] = data
  return { width: ((a & 0x0f) << 8) | b, height: ((c & 0x0f) << 8) | d }
}

/** FLV puts in front by how much the picture is smaller than its macroblocks: horizontal:4 vertical:4. */
function vp6Size(data: Uint8Array): PictureSize {
  const [less = 0, first = 0, second = 0] = data
  const isKey = (first & 0x80) === 0
  if (!isKey) return { width: 0, height: 0 }
  // A second partition is announced by an offset of two bytes.
  const at = (first & 1) === 1 || (second & 0x06) === 0 ? 5 : 3
  return { width: (data[at + 1] ?? 0) * 16 - (less >> 4), height: (data[at] ?? 0) * 16 - (less & 0x0f) }
}
