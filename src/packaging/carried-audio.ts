/**
 * Sound that browsers do not play: its packets are kept as they came, beside the timeline (carried-piece.ts),
 * and encoded from there. How many samples a packet holds stands in the packet: MPEG-1 (ISO/IEC 11172-3) §2.4.2.3, RFC 6716 §3.1,
 * FLAC (RFC 9639) §9.1, AC-3 (ETSI TS 102 366) §4.4.1, FLV 10.1 §E.4.2.1.
 */
import type { AudioTagCodec } from '../formats/flv/audio-tag.ts'

/** In the timeline's init. */
export interface CarriedAudio {
  readonly codec: AudioTagCodec
  readonly channels: number
  readonly sampleRate: number
  /** First byte of the legacy FLV tags: what their decoder is told. */
  readonly flvHeader?: number
  /** The decoder configuration, base64. */
  readonly config?: string
}

/** What a codec's first packet, its configuration and its tag header say. `told`: by the legacy tag header. */
export function describeCarried(
  codec: AudioTagCodec,
  told: {
    readonly channels: number | undefined
    readonly sampleRate: number | undefined
    readonly flvHeader?: number
  },
  data: Uint8Array,
  config: Uint8Array | undefined,
): CarriedAudio {
  const { flvHeader } = told
  const common = {
    codec,
    ...(flvHeader === undefined ? {} : { flvHeader }),
    ...(config ? { config: Buffer.from(config).toString('base64') } : {}),
  }
  const of = (sampleRate: number, channels: number) => ({
    ...common,
    // A damaged configuration may say anything, but time goes on.
    sampleRate: sampleRate > 0 ? sampleRate : 48_000,
    channels: Math.max(1, channels),
  })
  const channels = told.channels ?? 2
  switch (codec) {
    case 'mp3':
      return of(readMpegAudio(data)?.sampleRate ?? told.sampleRate ?? 44_100, channels)
    case 'opus':
      return of(48_000, config?.[9] ?? channels)
    case 'flac': {
      const info = config && streamInfo(config)
      return of(info?.sampleRate ?? 48_000, info?.channels ?? channels)
    }
    case 'ac3':
    case 'eac3':
      return of(AC3_RATES[(data[4] ?? 0) >> 6] ?? 48_000, channels)
    case 'speex':
      return of(16_000, 1)
    case 'g711a':
    case 'g711u':
      return of(8_000, channels)
    case 'nellymoser':
      // Formats 4 and 5 are 16 and 8 kHz, whatever the header says.
      return of({ 4: 16_000, 5: 8_000 }[(flvHeader ?? 0) >> 4] ?? told.sampleRate ?? 22_050, 1)
    default:
      return of(told.sampleRate ?? 44_100, channels)
  }
}

/** Samples in a packet; undefined when only its timestamp tells. */
export function carriedSamples(carried: CarriedAudio, data: Uint8Array): number | undefined {
  const { codec, channels, flvHeader = 0, config } = carried
  switch (codec) {
    case 'mp3':
      return readMpegAudio(data)?.samples
    case 'opus':
      return opusSamples(data)
    case 'flac':
      return config === undefined ? undefined : streamInfo(Buffer.from(config, 'base64'))?.blockSamples
    case 'ac3':
      return 1536
    case 'g711a':
    case 'g711u':
      return data.byteLength / channels
    case 'nellymoser':
      return Math.floor(data.byteLength / 64) * 256
    case 'pcm':
      return data.byteLength / channels / (flvHeader & 2 ? 2 : 1)
    default:
      return undefined
  }
}

const MPEG_RATES = [44_100, 48_000, 32_000] as const

function readMpegAudio(data: Uint8Array): { sampleRate: number; samples: number } | undefined {
  const [sync = 0, second = 0, third = 0] = data
  if (sync !== 0xff || (second & 0xe0) !== 0xe0) return undefined
  // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
  const version = (second >> 3) & 3
  const rate = MPEG_RATES[(third >> 2) & 3]
  if (!rate || version === 1) return undefined
  const layer3 = ((second >> 1) & 3) === 1
  return {
    sampleRate: version === 3 ? rate : version === 2 ? rate / 2 : rate / 4,
    samples: layer3 && version !== 3 ? 576 : 1152,
  }
}

/** At 48 kHz. */
function opusSamples(data: Uint8Array): number | undefined {
  const [toc = 0, second = 0] = data
  const config = toc >> 3
  const frame =
    config < 12
      ? ([480, 960, 1920, 2880][config & 3] ?? 960)
      : config < 16
        ? ([480, 960][config & 1] ?? 960)
        : ([120, 240, 480, 960][config & 3] ?? 960)
  const code = toc & 3
  const frames = code === 0 ? 1 : code === 3 ? second & 0x3f : 2
  return frames > 0 ? frame * frames : undefined
}

/** STREAMINFO, with or without the `fLaC` and the block header in front of it. */
function streamInfo(
  config: Uint8Array,
): { sampleRate: number; channels: number; blockSamples: number | undefined } | undefined {
  const block = config.byteLength >= 34 ? config.subarray(flacInfoAt(config)) : new Uint8Array()
  if (block.byteLength < 18) return undefined
  const byte = (at: number) => block[at] ?? 0
  const [least, most] = [(byte(0) << 8) | byte(1), (byte(2) << 8) | byte(3)]
  return {
    sampleRate: (byte(10) << 12) | (byte(11) << 4) | (byte(12) >> 4),
    channels: ((byte(12) >> 1) & 7) + 1,
    blockSamples: least === most && least > 0 ? least : undefined,
  }
}

/** Where the 34 bytes of STREAMINFO begin. */
export function flacInfoAt(config: Uint8Array): number {
  return config[0] === 0x66 && config[1] === 0x4c && config[2] === 0x61 && config[3] === 0x43 ? 8 : 0
}

const AC3_RATES = [48_000, 44_100, 32_000] as const
