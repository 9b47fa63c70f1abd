/**
 * A frame of silent AAC: what stands where the source sent no audio, so that a player's audio never
 * runs dry while the picture goes on. One element with no spectral bands, for each channel.
 * Spec: ISO/IEC 14496-3:2019 §4.4.2.1, tables 4.4 to 4.6, 4.50
 */
import type { MuxAudioTrack } from './segment-muxer.ts'

const END_ELEMENT = '111'
/** global_gain, then ics_info of a long window with max_sfb 0, then no pulse, TNS or gain control data. */
const EMPTY_CHANNEL = '01111000' + '0' + '00' + '0' + '000000' + '0' + '0' + '0' + '0'
const SINGLE_CHANNEL = '000' + '0000'
const CHANNEL_PAIR = '001' + '0000' + '0'

/** Undefined for what this cannot be made for: other than AAC-LC in mono or stereo. */
export function silentFrame(track: MuxAudioTrack): Uint8Array | undefined {
  if (track.codecString !== 'mp4a.40.2' || track.channels > 2) return undefined
  const bits =
    track.channels === 1
      ? SINGLE_CHANNEL + EMPTY_CHANNEL + END_ELEMENT
      : CHANNEL_PAIR + EMPTY_CHANNEL + EMPTY_CHANNEL + END_ELEMENT
  const bytes = bits.match(/.{1,8}/g) ?? []
  return Uint8Array.from(bytes, (byte) => Number.parseInt(byte.padEnd(8, '0'), 2))
}
