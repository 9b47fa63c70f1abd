/** The figures of an encoder's health, as people read them. What is not known is left out. */
import type { Health } from '../../../../../src/delivery/contract/broadcasts.ts'
import { formatBitrate, formatFrameRate } from '../../../ui/format-amount.ts'
import { codecName, encoderName } from './words.ts'

export interface Figure {
  readonly name: string
  readonly value: string
}

export function healthFigures(health: Health): readonly Figure[] {
  const { width, height, frameRate, sampleRate, channels, keyframeSeconds } = health
  const { avSkewMs, clockDriftPpm, roundTripMs, videoCodec, audioCodec } = health
  const figures: readonly (readonly [name: string, value: string | undefined])[] = [
    ['Picture', together(size(width, height), codec(videoCodec))],
    ['Sound', together(codec(audioCodec), sampleRate && `${sampleRate / 1000} kHz`, channelWords(channels))],
    ['Bitrate', formatBitrate(health.bitsPerSecond)],
    ['Frame rate', frameRate === null ? undefined : `${formatFrameRate(frameRate)} fps`],
    ['Keyframe every', keyframeSeconds === null ? undefined : `${Math.round(keyframeSeconds * 10) / 10} s`],
    ['Dropped, late frames', `${health.missingFrames}, ${health.lateFrames}`],
    ['Sound to picture', avSkewMs === null ? undefined : skewWords(avSkewMs)],
    ['Clock', clockDriftPpm === null ? undefined : driftWords(clockDriftPpm)],
    ['Round trip', roundTripMs === null ? undefined : `${roundTripMs} ms`],
    ['Encoder', health.encoder === '' ? undefined : encoderName(health.encoder)],
  ]
  return figures.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [{ name, value }]))
}

const together = (...parts: readonly (string | number | null | undefined)[]) =>
  parts.filter((part) => part !== undefined && part !== null && part !== 0).join(', ')
const size = (width: number | null, height: number | null) =>
  width === null || height === null ? undefined : `${width}×${height}`
const codec = (name: string | null) => (name === null ? undefined : codecName(name))

function channelWords(channels: number | null): string | undefined {
  if (channels === null) return undefined
  return channels === 1 ? 'mono' : channels === 2 ? 'stereo' : `${channels} channels`
}

/** Encoders send in packets: less is no offset. */
function skewWords(ms: number): string {
  if (Math.abs(ms) < 60) return 'together'
  return `${Math.abs(ms)} ms ${ms > 0 ? 'ahead' : 'behind'}`
}

/** In milliseconds an hour, which is what one notices. */
function driftWords(ppm: number): string {
  const ms = Math.round(Math.abs(ppm) * 3.6)
  return ms < 100 ? 'in step' : `${ms} ms an hour ${ppm > 0 ? 'slow' : 'fast'}`
}
