/**
 * What enhanced audio and video bodies have in common behind their first byte, whose low half is the packet type:
 *
 *     modifiers  packetType 7: size-1:8 [size-1:16 when 256] data modifier:4 packetType:4, repeated
 *     tracks     packetType 6 (video) or 5 (audio): layout:4 packetType:4, then
 *                layout 0   FourCC id:8 data                          one track
 *                layout 1   FourCC (id:8 size:24 data)*               many tracks of one codec
 *                layout 2   (FourCC id:8 size:24 data)*               many tracks, each with its codec
 *     else       FourCC data
 *
 * Modifiers that are not known are passed over. Of track ids 0 is the default.
 * Spec: Enhanced RTMP v2 "Enhanced Audio" (ExAudioTagHeader), "Enhanced Video" (ExVideoTagHeader)
 */

export interface EnhancedTrack {
  readonly id: number
  /** Four characters, such as "hvc1". */
  readonly fourCc: string
  /** Where its data begins in the body, behind everything above, and where it ends. */
  readonly start: number
  readonly end: number
}

export interface EnhancedPacket {
  /** Of every track in it. */
  readonly type: number
  /** Nanoseconds to be added to the message's timestamp, below 1 ms; 0 when no modifier said so. */
  readonly offsetNs: number
  /** Its bytes say which track it is of. */
  readonly multitrack: boolean
  /** In the order of the bytes; one with id 0 when it does not say. */
  readonly tracks: readonly EnhancedTrack[]
}

/** Audio and video count their packet types separately, but for this one. */
const MODIFIER_PACKET = 7
export const DEFAULT_TRACK = 0

const TIMESTAMP_OFFSET_NANO = 0
const MAX_OFFSET_NS = 999_999
const ONE_TRACK = 0
const MANY_TRACKS = 1
const MANY_TRACKS_MANY_CODECS = 2
/** An id has eight bits. */
const MAX_TRACKS = 256

/**
 * `body`: of an enhanced tag, the first byte included. `multitrackType`: the packet type that announces tracks.
 * Undefined when it is too short for what it announces, or announces tracks in a way nobody has defined.
 * A track that ends beyond the body ends with it.
 */
export function readEnhancedPacket(body: Uint8Array, multitrackType: number): EnhancedPacket | undefined {
  const modified = readModifiers(body)
  if (!modified) return undefined
  const { at, type, offsetNs } = modified
  if (type !== multitrackType) {
    if (at + 4 > body.byteLength) return undefined
    const track = { id: DEFAULT_TRACK, fourCc: fourCcAt(body, at), start: at + 4, end: body.byteLength }
    return { type, offsetNs, multitrack: false, tracks: [track] }
  }
  const layout = body[at]
  if (layout === undefined) return undefined
  const tracks = readTracks(body, at + 1, layout >> 4)
  const inner = layout & 0x0f
  if (!tracks || inner === multitrackType || inner === MODIFIER_PACKET) return undefined
  return { type: inner, offsetNs, multitrack: true, tracks }
}

/** The packet type behind the modifiers, and where what follows it begins. */
export function readModifiers(
  body: Uint8Array,
): { readonly type: number; readonly at: number; readonly offsetNs: number } | undefined {
  let at = 1
  let type = (body[0] ?? 0) & 0x0f
  let offsetNs = 0
  while (type === MODIFIER_PACKET) {
    let size = (body[at++] ?? 0) + 1
    if (size === 256) {
      size = (((body[at] ?? 0) << 8) | (body[at + 1] ?? 0)) + 1
      at += 2
    }
    const next = body[at + size]
    if (next === undefined) return undefined
    if (next >> 4 === TIMESTAMP_OFFSET_NANO && size >= 3)
      offsetNs = Math.min(readU24(body, at), MAX_OFFSET_NS)
    type = next & 0x0f
    at += size + 1
  }
  return { type, at, offsetNs }
}

function readTracks(body: Uint8Array, from: number, layout: number): EnhancedTrack[] | undefined {
  if (layout > MANY_TRACKS_MANY_CODECS) return undefined
  let at = from
  let fourCc = ''
  if (layout !== MANY_TRACKS_MANY_CODECS) {
    if (at + 4 > body.byteLength) return undefined
    fourCc = fourCcAt(body, at)
    at += 4
  }
  const tracks: EnhancedTrack[] = []
  const headBytes = layout === ONE_TRACK ? 1 : layout === MANY_TRACKS ? 4 : 8
  while (at + headBytes <= body.byteLength && tracks.length < MAX_TRACKS) {
    if (layout === MANY_TRACKS_MANY_CODECS) {
      fourCc = fourCcAt(body, at)
      at += 4
    }
    const id = body[at] ?? 0
    const start = layout === ONE_TRACK ? at + 1 : at + 4
    const size = layout === ONE_TRACK ? body.byteLength : readU24(body, at + 1)
    const end = Math.min(body.byteLength, start + size)
    tracks.push({ id, fourCc, start, end })
    at = end
  }
  return tracks.length > 0 ? tracks : undefined
}

function fourCcAt(body: Uint8Array, at: number): string {
  return String.fromCharCode(body[at] ?? 0, body[at + 1] ?? 0, body[at + 2] ?? 0, body[at + 3] ?? 0)
}

function readU24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
}
