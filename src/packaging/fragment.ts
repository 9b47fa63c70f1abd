/**
 * What stands before the media data of a CMAF segment, for packets that are in memory already:
 *
 *     styp  brands                                        36 bytes
 *     sidx  one reference to all that follows             52
 *     moof  mfhd  sequence number
 *           traf  tfhd  what most samples are like
 *                 tfdt  when the first one is decoded
 *                 trun  where each one differs            20, and up to 16 for each sample
 *     mdat  its header; the packets follow as they are     8
 *
 * The same bytes as mediabunny's, which test/unit/packaging/fragment.test.ts holds it to, for a tenth of
 * the work: nothing is copied, and nothing is kept for each packet. Why: docs/decisions/0026.
 *
 * Decode times are the sorted presentation times less the reordering delay, so that no picture is
 * decoded after it is shown; where the timeline begins there may be no room for that delay, and
 * composition offsets are negative (trun version 1). Presentation times are exact in either case.
 * Spec: ISO/IEC 14496-12:2022 §8.8.4 to §8.8.12, §8.16.3; ISO/IEC 23000-19:2024 §7
 */
import type { MuxPacket } from './segment-muxer.ts'

export interface FragmentOptions {
  readonly timescale: number
  /** mfhd: from 1. */
  readonly sequence: number
  /** How long before it is shown a picture is decoded, at least. */
  readonly delayTicks: number
}

const BRANDS = ['iso5', 'iso6', 'mp41', 'cmfc', 'dash'] as const
const STYP_BYTES = 16 + 4 * BRANDS.length
const SIDX_BYTES = 52
const MFHD_BYTES = 16
const TFHD_BYTES = 28
const TFDT_BYTES = 20
const TRUN_HEAD_BYTES = 20
const BOX_BYTES = 8
/** Of sidx: a common multiple of the usual frame rates. */
const SIDX_TIMESCALE = 57_600
const TRACK_ID = 1

/** Default duration, size and flags are there, and offsets count from moof. */
const TFHD_FLAGS = 0x02_00_38
const HAS_DATA_OFFSET = 0x001
const HAS_FIRST_FLAGS = 0x004
const HAS_DURATIONS = 0x100
const HAS_SIZES = 0x200
const HAS_FLAGS = 0x400
const HAS_OFFSETS = 0x800

/** sample_depends_on and sample_is_non_sync_sample, as far as it is known of a packet. */
const KEY_SAMPLE = 0x02_00_00_00
const DELTA_SAMPLE = 0x01_01_00_00

interface Sample {
  readonly bytes: number
  readonly ticks: number
  readonly offset: number
  readonly flags: number
}

/**
 * `packets`: at least one, in decode order; keyframes are marked as in segment-muxer.ts. Throws RangeError
 * on durations below 0 and on more than 4 GiB.
 */
export function encodeFragmentHead(packets: readonly MuxPacket[], options: FragmentOptions): Uint8Array {
  const { timescale, sequence } = options
  const times = Float64Array.from(packets, ({ seconds }) => seconds).sort()
  const samples = describeSamples(packets, times, timescale)
  const bytes = samples.reduce((sum, sample) => sum + sample.bytes, 0)
  const flags = runFlags(samples)
  const fields = [HAS_DURATIONS, HAS_SIZES, HAS_FLAGS, HAS_OFFSETS].filter((flag) => flags & flag).length
  const runBytes = TRUN_HEAD_BYTES + (flags & HAS_FIRST_FLAGS ? 4 : 0) + 4 * fields * samples.length
  const trafBytes = BOX_BYTES + TFHD_BYTES + TFDT_BYTES + runBytes
  const moofBytes = BOX_BYTES + MFHD_BYTES + trafBytes
  if (bytes + BOX_BYTES >= 2 ** 32) throw new RangeError(`a segment of ${bytes} bytes`)

  const first = times[0] ?? 0
  // A track that begins before 0 is moved there.
  const begin = Math.round((first - Math.min(first, 0)) * timescale)
  const delay = flags & HAS_OFFSETS ? decodingDelay(samples, begin, options.delayTicks) : 0
  const head = new BoxWriter(STYP_BYTES + SIDX_BYTES + moofBytes + BOX_BYTES)
  head.box(STYP_BYTES, 'styp').text(BRANDS[0]).u32(0)
  for (const brand of BRANDS) head.text(brand)
  writeIndex(head, packets, first, moofBytes + BOX_BYTES + bytes)
  head.box(moofBytes, 'moof')
  head.box(MFHD_BYTES, 'mfhd').u32(0).u32(sequence)
  head.box(trafBytes, 'traf')
  // The first sample is the odd one out.
  const usual = samples[1] ?? samples[0]
  head.box(TFHD_BYTES, 'tfhd').u32(TFHD_FLAGS).u32(TRACK_ID)
  head
    .u32(usual?.ticks ?? 0)
    .u32(usual?.bytes ?? 0)
    .u32(usual?.flags ?? 0)
  head
    .box(TFDT_BYTES, 'tfdt')
    .u32(0x01_00_00_00)
    .u64(begin - delay)
  head
    .box(runBytes, 'trun')
    .u32(0x01_00_00_00 | flags)
    .u32(samples.length)
    .u32(moofBytes + BOX_BYTES)
  if (flags & HAS_FIRST_FLAGS) head.u32(samples[0]?.flags ?? 0)
  for (const sample of samples) {
    if (flags & HAS_DURATIONS) head.u32(sample.ticks)
    if (flags & HAS_SIZES) head.u32(sample.bytes)
    if (flags & HAS_FLAGS) head.u32(sample.flags)
    if (flags & HAS_OFFSETS) head.u32(sample.offset + delay)
  }
  head.box(BOX_BYTES + bytes, 'mdat')
  return head.bytes
}

/** Each lasts until the next is decoded, the last one as long as it says. */
function describeSamples(packets: readonly MuxPacket[], times: Float64Array, timescale: number): Sample[] {
  const shift = Math.min(times[0] ?? 0, 0)
  const keyframes = keyframesInOrder(packets)
  // Rounded so that what is lost in one step is made up for in the next.
  let at = (times[0] ?? 0) * timescale
  return packets.map(({ data, seconds, duration }, index) => {
    const next = times[index + 1]
    if (!(duration >= 0)) throw new RangeError(`a packet that lasts ${duration} s`)
    const ticks = next === undefined ? Math.round(duration * timescale) : Math.round(next * timescale - at)
    at += ticks
    const decoded = (times[index] ?? 0) - shift
    return {
      bytes: data.byteLength,
      ticks,
      offset: Math.round((seconds - shift - decoded) * timescale),
      flags: keyframes[index] ? KEY_SAMPLE : DELTA_SAMPLE,
    }
  })
}

/** A track that has no times but in order, and none to be decoded earlier, needs no offsets. */
function decodingDelay(samples: readonly Sample[], begin: number, wanted: number): number {
  const needed = samples.reduce((most, { offset }) => Math.max(most, -offset), 0)
  return Math.min(Math.max(wanted, needed), begin)
}

/** A field in which all samples are alike is left to tfhd. */
function runFlags(samples: readonly Sample[]): number {
  const [first, ...rest] = samples
  const differs = (field: keyof Sample) => rest.some((sample) => sample[field] !== first?.[field])
  const onlyFirst = differs('flags') && rest.every(({ flags }) => flags === rest[0]?.flags)
  return (
    HAS_DATA_OFFSET |
    (onlyFirst ? HAS_FIRST_FLAGS : 0) |
    (differs('ticks') ? HAS_DURATIONS : 0) |
    (differs('bytes') ? HAS_SIZES : 0) |
    (differs('flags') && !onlyFirst ? HAS_FLAGS : 0) |
    (samples.some(({ offset }) => offset !== 0) ? HAS_OFFSETS : 0)
  )
}

/** Where it is shown, and how long it and all that follows is. Begins with what kind of access point is not said. */
function writeIndex(head: BoxWriter, packets: readonly MuxPacket[], first: number, bytes: number): void {
  const end = packets.reduce((latest, { seconds, duration }) => Math.max(latest, seconds + duration), 0)
  const earliest = Math.max(0, first)
  head.box(SIDX_BYTES, 'sidx').u32(0x01_00_00_00).u32(TRACK_ID).u32(SIDX_TIMESCALE)
  head.u64(Math.round(earliest * SIDX_TIMESCALE)).u64(0)
  // One reference.
  head.u32(1).u32(bytes)
  head.u32(Math.round(Math.max(0, end - earliest) * SIDX_TIMESCALE)).u32(0)
}

/**
 * Which packets count as keyframes: the first, and those marked, but for one whose group has a picture shown
 * before the group ahead of it was over.
 */
export function keyframesInOrder(packets: readonly MuxPacket[]): readonly boolean[] {
  const marked = packets.map(({ key }, index) => key || index === 0)
  let earliest = Number.POSITIVE_INFINITY
  const earliestFrom = new Float64Array(packets.length)
  for (let index = packets.length - 1; index >= 0; index--) {
    earliest = Math.min(earliest, packets[index]?.seconds ?? earliest)
    earliestFrom[index] = earliest
  }
  let latest = Number.NEGATIVE_INFINITY
  return marked.map((isKey, index) => {
    const inOrder = index === 0 || (earliestFrom[index] ?? 0) >= latest
    latest = Math.max(latest, packets[index]?.seconds ?? latest)
    return isKey && inOrder
  })
}

/** Fills one array from its beginning. */
class BoxWriter {
  readonly bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(byteLength: number) {
    this.bytes = new Uint8Array(byteLength)
    this.#view = new DataView(this.bytes.buffer)
  }

  box(byteLength: number, type: string): this {
    return this.u32(byteLength).text(type)
  }

  text(fourCc: string): this {
    for (let index = 0; index < 4; index++) this.bytes[this.#at + index] = fourCc.charCodeAt(index)
    this.#at += 4
    return this
  }

  u32(value: number): this {
    this.#view.setUint32(this.#at, value)
    this.#at += 4
    return this
  }

  u64(value: number): this {
    return this.u32(Math.floor(value / 2 ** 32)).u32(value)
  }
}
