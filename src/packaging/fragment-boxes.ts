/**
 * What is set in boxes after they were muxed: times of creation, which would make every init another
 * one; the fragment's sequence number; and the delay between decoding and showing.
 * Spec: ISO/IEC 14496-12:2022 §8.2.2, §8.8.5, §8.8.8, §8.8.12
 */
const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'moof', 'traf'])
const HEADERS_WITH_TIMES = new Set(['mvhd', 'tkhd', 'mdhd'])

/** Sets creation and modification times to 0, in place. */
export function clearCreationTimes(init: Uint8Array): Uint8Array {
  walk(init, (type, at) => {
    // Version 1 has 64-bit times.
    if (HEADERS_WITH_TIMES.has(type)) init.fill(0, at + 12, at + 12 + (init[at + 8] === 1 ? 16 : 8))
  })
  return init
}

const HAS_COMPOSITION_OFFSETS = 0x800
/** Fields of four bytes a sample of trun may have, by flag, and fields before the samples. */
const SAMPLE_FIELDS = [0x100, 0x200, 0x400, 0x800]
const LEADING_FIELDS = [0x001, 0x004]

/**
 * Sets the sequence number, and moves decode times ahead of presentation: by `delayTicks`, or by more
 * when pictures would else be decoded after they are shown, but not before 0. In place.
 */
export function adjustFragment(segment: Uint8Array, sequence: number, delayTicks: number): Uint8Array {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength)
  let decodeTimeAt: number | undefined
  let offsets: number[] = []
  walk(segment, (type, at) => {
    if (type === 'mfhd') view.setUint32(at + 12, sequence)
    else if (type === 'tfdt') decodeTimeAt = at + 12
    else if (type === 'trun') offsets = compositionOffsets(view, at)
  })
  if (decodeTimeAt === undefined || offsets.length === 0) return segment
  const needed = offsets.reduce((most, at) => Math.max(most, -view.getInt32(at)), 0)
  const begin = Number(view.getBigUint64(decodeTimeAt))
  const delay = Math.min(Math.max(delayTicks, needed), begin)
  view.setBigUint64(decodeTimeAt, BigInt(begin - delay))
  for (const at of offsets) view.setInt32(at, view.getInt32(at) + delay)
  return segment
}

/** Where the composition offsets of a trun are; none when it has none. */
function compositionOffsets(view: DataView, at: number): number[] {
  const flags = view.getUint32(at + 8) & 0xffffff
  if (!(flags & HAS_COMPOSITION_OFFSETS)) return []
  const count = view.getUint32(at + 12)
  const first = at + 16 + 4 * LEADING_FIELDS.filter((flag) => flags & flag).length
  const size = 4 * SAMPLE_FIELDS.filter((flag) => flags & flag).length
  // It is the last of a sample's fields.
  return Array.from({ length: count }, (_, index) => first + (index + 1) * size - 4)
}

/** Calls `visit` with every box on the way into the containers. */
function walk(bytes: Uint8Array, visit: (type: string, at: number) => void): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const inside = (from: number, to: number): void => {
    for (let at = from; at + 8 <= to; ) {
      const size = view.getUint32(at)
      const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
      // 0 and 1 are sizes of media data past 4 GiB: no box that matters follows them.
      if (size < 8) return
      visit(type, at)
      if (CONTAINERS.has(type)) inside(at + 8, at + size)
      at += size
    }
  }
  inside(0, bytes.byteLength)
}
