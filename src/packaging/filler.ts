/**
 * What stands for a track where the source has none of it, while another stretch of the same video has:
 * a black picture, or silence. A rendition's playlist names every segment of the timeline, and a player
 * that is given none for one of them waits for ever (http-streaming knows no EXT-X-GAP).
 *
 * The picture is one IDR of 320x180 in constrained baseline, every macroblock predicted from nothing
 * (I_16x16, DC) without coefficients: black, in studio range.
 * Spec: ITU-T H.264 (08/2021) §7.3; ISO/IEC 14496-15:2022 §5.3.3.1
 */
import { type MuxAudioTrack, type MuxVideoTrack, muxInit, muxSegment } from './segment-muxer.ts'
import { silentFrame } from './silence.ts'

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

const BLACK_TRACK: MuxVideoTrack = {
  kind: 'video',
  codec: 'avc',
  codecString: 'avc1.42c015',
  width: 320,
  height: 180,
  displayWidth: 320,
  displayHeight: 180,
  timescale: 90_000,
  description: hex('0142c015ffe100196742c015a61105067e7c0440000003004000000c83c58b846001000668c8420f2c80'),
}
/** Rows of macroblocks that repeat, as entropy coding packs them. */
const BLACK_SLICE = `658882057931400053de${'fbefbe'.repeat(4)}fbef${'aebaeb'.repeat(55)}c0`
const BLACK_PICTURE = hex(`000000be${BLACK_SLICE}`)

/** AAC-LC, stereo. */
const SILENT_TRACK: MuxAudioTrack = {
  kind: 'audio',
  codec: 'aac',
  codecString: 'mp4a.40.2',
  channels: 2,
  sampleRate: 48_000,
  description: hex('1190'),
}
const SAMPLES_PER_FRAME = 1024

export type FillerKind = 'video' | 'audio'

/** The same bytes whenever it is made. */
export function fillerInit(kind: FillerKind): Promise<Uint8Array> {
  return muxInit(kind === 'video' ? BLACK_TRACK : SILENT_TRACK)
}

/** `start` and `end` in seconds on the timeline. */
export function fillerSegment(
  kind: FillerKind,
  number: number,
  start: number,
  end: number,
): Promise<readonly Uint8Array[]> {
  if (kind === 'video') {
    return muxSegment(BLACK_TRACK, number, [
      { data: BLACK_PICTURE, seconds: start, duration: end - start, key: true },
    ])
  }
  const data = silentFrame(SILENT_TRACK) ?? new Uint8Array()
  const duration = SAMPLES_PER_FRAME / SILENT_TRACK.sampleRate
  // One grid for all segments, so that they touch; each has those frames that begin in it.
  const first = Math.ceil(start / duration - 1e-9)
  const count = Math.max(1, Math.ceil(end / duration - 1e-9) - first)
  const packets = Array.from({ length: count }, (_, index) => ({
    data,
    seconds: (first + index) * duration,
    duration,
    key: true,
  }))
  return muxSegment(SILENT_TRACK, number, packets)
}
