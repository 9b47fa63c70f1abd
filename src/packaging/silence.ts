/**
 * A frame of silent AAC: what stands where the source sent no audio, so that a player's audio never
 * runs dry while the picture goes on. One element with no spectral bands, for each channel.
 * Spec: ISO/IEC 14496-3:2019 §4.4.2.1, tables 4.4 to 4.6, 4.50
 */
import type { MuxAudioTrack } from './segment-muxer.ts'

/** Element ids of three bits; each element then has an instance tag of four. */
const SINGLE = '000'
const PAIR = '001'
const LOW_FREQUENCY = '011'
const END = '111'
/** global_gain, then ics_info of a long window with max_sfb 0, then no pulse, TNS or gain control data. */
const EMPTY_CHANNEL = '01111000' + '0' + '00' + '0' + '000000' + '0' + '0' + '0' + '0'

/** Elements of a frame by number of channels. Spec: ISO/IEC 14496-3:2019 table 1.19, channelConfiguration 1 to 7. */
const LAYOUTS: Readonly<Record<number, readonly string[]>> = {
  1: [SINGLE],
  2: [PAIR],
  3: [SINGLE, PAIR],
  4: [SINGLE, PAIR, SINGLE],
  5: [SINGLE, PAIR, PAIR],
  6: [SINGLE, PAIR, PAIR, LOW_FREQUENCY],
  8: [SINGLE, PAIR, PAIR, PAIR, LOW_FREQUENCY],
}
/** LC, and SBR and parametric stereo over it: a frame without their data is decoded as its core alone. */
const CODECS = new Set(['mp4a.40.2', 'mp4a.40.5', 'mp4a.40.29'])

/** Undefined for what this cannot be made for: other kinds of AAC and channels. */
export function silentFrame(track: Pick<MuxAudioTrack, 'codecString' | 'channels'>): Uint8Array | undefined {
  const layout = LAYOUTS[track.channels]
  if (!CODECS.has(track.codecString) || !layout) return undefined
  const elements = layout.map((id, index) => {
    const tag = layout.slice(0, index).filter((before) => before === id).length
    const instance = tag.toString(2).padStart(4, '0')
    // A pair without a common window: each channel has its own ics_info.
    return id === PAIR
      ? `${id}${instance}0${EMPTY_CHANNEL}${EMPTY_CHANNEL}`
      : `${id}${instance}${EMPTY_CHANNEL}`
  })
  const bytes = `${elements.join('')}${END}`.match(/.{1,8}/g) ?? []
  return Uint8Array.from(bytes, (byte) => Number.parseInt(byte.padEnd(8, '0'), 2))
}
