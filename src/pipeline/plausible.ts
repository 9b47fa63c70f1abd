/** Whether what a file claims by its timestamps is worth anybody's work: a few bytes may say years. Pure. */
import { MAX_FRAME_RATE, MAX_SECONDS, MAX_SILENT_SECONDS } from './ffmpeg/limits.ts'
import type { StreamExtent } from './scan.ts'

const HOUR = 3600
/** Below so many pictures no rate is outrageous. */
const FEW_PICTURES = 10_000

/** `seconds`: as long as it would play. Undefined: it is taken. Otherwise why not, for the person who sent it. */
export function refusalOf(
  seconds: number,
  pictures: StreamExtent | undefined,
  extents: ReadonlyMap<number, StreamExtent>,
): string | undefined {
  if (seconds > MAX_SECONDS)
    return `The file claims to last ${days(seconds)}; no more than ${days(MAX_SECONDS)} are taken. Its timestamps are probably damaged.`
  const packets = [...extents.values()].reduce((most, extent) => Math.max(most, extent.packets), 0)
  if (seconds > HOUR && seconds > packets * MAX_SILENT_SECONDS)
    return `The file claims to last ${hours(seconds)} and holds ${packets} pictures or pieces of sound: it is damaged, or made to waste time.`
  const length = pictures ? pictures.end - pictures.start : 0
  if (pictures && pictures.packets > FEW_PICTURES && pictures.packets > length * MAX_FRAME_RATE)
    return `The file holds ${pictures.packets} pictures for ${length.toFixed(1)} s: it is damaged, or made to waste time.`
  return undefined
}

function hours(seconds: number): string {
  return `${Math.round(seconds / HOUR)} hours`
}

function days(seconds: number): string {
  return `${Math.round(seconds / (24 * HOUR))} days`
}
