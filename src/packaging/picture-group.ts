/** The pictures of one segment, and what their times say. */
import type { VideoPacket } from './log-packets.ts'
import type { MuxPacket } from './segment-muxer.ts'

/** Video cut, waiting for its audio. */
export interface PictureGroup {
  readonly packets: VideoPacket[]
  readonly startMs: number
  readonly endMs: number
  /** The keyframe that follows. */
  readonly next: VideoPacket | undefined
  /** The session ends with it. */
  readonly final: boolean
}

const NOMINAL_FRAME_MS = 33

export function latestMs(packets: readonly VideoPacket[]): number {
  return packets.reduce((latest, packet) => Math.max(latest, packet.ptsMs), Number.NEGATIVE_INFINITY)
}

export function earliestMs(packets: readonly VideoPacket[]): number {
  return packets.reduce((earliest, packet) => Math.min(earliest, packet.ptsMs), Number.POSITIVE_INFINITY)
}

/** Where the last picture ends, when nothing follows: it is shown as long as the one before. */
export function videoEndMs(packets: readonly VideoPacket[]): number {
  const times = packets.map((packet) => packet.ptsMs).sort((a, b) => a - b)
  const last = times.at(-1) ?? 0
  const step = last - (times.at(-2) ?? last)
  return last + (step > 0 && step < 1000 ? step : NOMINAL_FRAME_MS)
}

/** Durations by the order of showing; the last picture lasts to the end. */
export function timed(packets: readonly VideoPacket[], end: number): MuxPacket[] {
  const latest = latestMs(packets) / 1000
  return packets.map((packet) => ({
    data: packet.data,
    seconds: packet.ptsMs / 1000,
    // The muxer takes durations from the order of showing; only the last one is not to be seen there.
    duration: Math.max(0, end - latest),
    key: packet.key,
  }))
}
