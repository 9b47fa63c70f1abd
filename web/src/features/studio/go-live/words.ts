/** The texts of going live, and what is received put into a sentence. */
import type { Broadcast, Health } from '../../../../../src/delivery/contract/broadcasts.ts'
import { formatBitrate, formatFrameRate } from '../../../ui/format-amount.ts'

export const WORDS = {
  title: 'Go live',
  lead: 'Start the stream in OBS or ffmpeg: the broadcast appears here and in the library by itself, and can be rewound from its first second.',
  offAir: 'You are off air',
  offAirAdvice: 'Nothing is received. Start streaming with the settings below; this page notices at once.',
  keyOnce: 'Copy it now: it is shown this once. Anyone who has it can broadcast in your name.',
  noKeys: 'You have no stream key yet. Make one to be able to broadcast.',
  revoke:
    'Whoever uses this key can no longer start a broadcast with it. A broadcast on air with it goes on.',
  unheard:
    'Your encoder is still sending. Nothing of it is kept or shown. Stop it, and start it again to go on air.',
  end: 'The recording is closed and the page becomes the replay. What your encoder goes on sending is thrown away: stop it. To go on air again, start streaming again: that is a new broadcast.',
}

/** "We receive you: 1080p60, 6.1 Mbit/s, keyframe every 2 s, H.264 and AAC." */
export function healthWords(health: Health | null): string {
  if (health === null) return 'We receive nothing right now.'
  const codecs = [health.videoCodec, health.audioCodec].filter((codec) => codec !== null).map(codecName)
  const facts = [
    pictureWords(health),
    formatBitrate(health.bitsPerSecond),
    health.keyframeSeconds === null
      ? undefined
      : `keyframe every ${Math.round(health.keyframeSeconds * 10) / 10} s`,
    codecs.length === 0 ? undefined : codecs.join(' and '),
  ]
  return `We receive you: ${facts.filter((fact) => fact !== undefined).join(', ')}.`
}

/** "1080p60"; a picture that is higher than wide by both sides. Undefined: not known yet. */
export function pictureWords({ width, height, frameRate }: Health): string | undefined {
  if (width === null || height === null) return undefined
  const rate = frameRate === null ? '' : formatFrameRate(frameRate)
  return width >= height ? `${height}p${rate}` : `${width}×${height}${rate && ` at ${rate} fps`}`
}

const CODEC_NAMES: readonly (readonly [start: string, name: string])[] = [
  ['avc', 'H.264'],
  ['hvc1', 'H.265'],
  ['hev1', 'H.265'],
  ['av01', 'AV1'],
  ['vp09', 'VP9'],
  ['mp4a.40', 'AAC'],
  ['opus', 'Opus'],
]

/** "avc1.64001f" → "H.264"; what has no name here stays as it is. */
export function codecName(codec: string): string {
  return CODEC_NAMES.find(([start]) => codec.toLowerCase().startsWith(start))?.[1] ?? codec
}

/** "FMLE/3.0 (compatible; Lavf59.27.100)", as ffmpeg calls itself, → "ffmpeg". */
export function encoderName(encoder: string): string {
  if (encoder === '') return 'unknown encoder'
  if (/obs/i.test(encoder)) return 'OBS'
  return /lavf/i.test(encoder) ? 'ffmpeg' : encoder
}

const GAP_REASONS: Readonly<Record<string, string>> = {
  interrupted: 'the encoder was away',
  stopped: 'the server was restarted',
  crashed: 'the server stopped unexpectedly',
  disk: 'the disk of the server was full',
  'write-error': 'the disk of the server refused to write',
  'not-recorded': 'less arrived than time passed',
}

/** "At 12:04, 3 seconds missing: the encoder was away"; `where` and `missing` are formatted already. */
export function gapWords(gap: Broadcast['gaps'][number], where: string, missing: string): string {
  const why = GAP_REASONS[gap.reason] ?? gap.reason
  return gap.seconds > 0 ? `At ${where}, ${missing} missing: ${why}` : `From ${where} on: ${why}`
}
