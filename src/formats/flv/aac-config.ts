/**
 * AudioSpecificConfig: how AAC is to be decoded.
 *
 *     objectType:5 [31: +6]  frequencyIndex:4 [15: frequency:24]  channels:4  …
 *
 * Spec: ISO/IEC 14496-3:2019 §1.6.2.1
 */
import { MalformedError } from '../bytes/malformed-error.ts'
import { BitReader } from './bit-reader.ts'

export interface AacConfig {
  /** Such as "mp4a.40.2". */
  readonly codecString: string
  /** Samples a second of the core: frames are 1024 (or 960) of these long, whatever SBR makes of them. */
  readonly sampleRate: number
  readonly channels: number
  readonly samplesPerFrame: number
  readonly objectType: number
}

const FREQUENCIES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
]
/** Channels for each channelConfiguration; 0 means a program config element tells. */
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 0, 8]
const LOW_COMPLEXITY = 2
const SBR = 5
const PARAMETRIC_STEREO = 29

/** Throws MalformedError. */
export function readAacConfig(config: Uint8Array): AacConfig {
  const bits = new BitReader(config)
  const signalled = readObjectType(bits)
  const sampleRate = readFrequency(bits)
  const channels = CHANNELS[bits.readBits(4)] ?? 0
  let objectType = signalled
  if (signalled === SBR || signalled === PARAMETRIC_STEREO) {
    readFrequency(bits)
    objectType = readObjectType(bits)
  }
  const shortFrames = bits.readFlag()
  if (!sampleRate || objectType === 0) throw new MalformedError('no AudioSpecificConfig')
  return {
    codecString: `mp4a.40.${signalled}`,
    sampleRate,
    // Told inside the stream: two is what encoders mean that leave it open.
    channels: channels || 2,
    samplesPerFrame: shortFrames ? 960 : 1024,
    objectType,
  }
}

/** Of AAC-LC; undefined for a rate or number of channels that its table does not have. */
export function encodeAacConfig(sampleRate: number, channels: number): Uint8Array | undefined {
  const frequency = FREQUENCIES.indexOf(sampleRate)
  const channelConfiguration = channels > 0 ? CHANNELS.indexOf(channels) : -1
  if (frequency === -1 || channelConfiguration === -1) return undefined
  return Uint8Array.of(
    (LOW_COMPLEXITY << 3) | (frequency >> 1),
    ((frequency & 1) << 7) | (channelConfiguration << 3),
  )
}

function readObjectType(bits: BitReader): number {
  const type = bits.readBits(5)
  return type === 31 ? 32 + bits.readBits(6) : type
}

function readFrequency(bits: BitReader): number {
  const index = bits.readBits(4)
  return index === 15 ? bits.readBits(24) : (FREQUENCIES[index] ?? 0)
}
