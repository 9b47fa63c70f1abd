/**
 * Where a segment's first picture lies in its file: what a player fetches to show it alone. From moof, so
 * that the picture can be found, to the end of the first sample; the rest of mdat is left where it is.
 *
 *     styp sidx [ moof … mdat header, first sample ] other samples
 *
 * Spec: RFC 8216 §4.3.3.6 (an I-frame playlist's byte ranges leave out the init); ISO/IEC 14496-12:2022 §8.8.8
 */
export interface ByteRange {
  readonly offset: number
  readonly bytes: number
}

const DEFAULT_SIZE = { box: 0x10, before: [0x01, 0x02, 0x08] } as const
const DATA_OFFSET = 0x001
const FIRST_FLAGS = 0x004
const DURATION = 0x100
const SIZE = 0x200

/** `segment`: all of it, or at least what stands before its media data. Undefined: there is no fragment in it. */
export function keyframeRange(segment: Uint8Array): ByteRange | undefined {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength)
  const moof = findBox(view, 0, view.byteLength, 'moof')
  const traf = moof && findBox(view, moof.at + 8, moof.end, 'traf')
  const trun = traf && findBox(view, traf.at + 8, traf.end, 'trun')
  if (!moof || !traf || !trun) return undefined
  const flags = view.getUint32(trun.at + 8) & 0xffffff
  let at = trun.at + 16
  if (!(flags & DATA_OFFSET)) return undefined
  const dataOffset = view.getInt32(at)
  at += 4
  if (flags & FIRST_FLAGS) at += 4
  if (flags & DURATION) at += 4
  const bytes = flags & SIZE ? view.getUint32(at) : defaultSize(view, traf)
  return bytes === undefined ? undefined : { offset: moof.at, bytes: dataOffset + bytes }
}

interface Box {
  readonly at: number
  readonly end: number
}

function findBox(view: DataView, from: number, to: number, type: string): Box | undefined {
  for (let at = from; at + 8 <= to; ) {
    const size = view.getUint32(at)
    const end = at + size
    if (size < 8) return undefined
    const name = String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(at + i)))
    if (name === type) return end <= view.byteLength ? { at, end } : undefined
    at = end
  }
  return undefined
}

function defaultSize(view: DataView, traf: Box): number | undefined {
  const tfhd = findBox(view, traf.at + 8, traf.end, 'tfhd')
  if (!tfhd) return undefined
  const flags = view.getUint32(tfhd.at + 8) & 0xffffff
  if (!(flags & DEFAULT_SIZE.box)) return undefined
  let at = tfhd.at + 16
  for (const flag of DEFAULT_SIZE.before) if (flags & flag) at += flag === 0x01 ? 8 : 4
  return view.getUint32(at)
}
