/**
 * The multivariant playlist: every video rendition, with one audio rendition shared by all of them.
 * Spec: RFC 8216 §4.3.4
 */
import { oneLine, renderAttributes } from './attributes.ts'

export interface AudioRendition {
  readonly uri: string
  /** Shown in the player's menu. */
  readonly name: string
  /** RFC 6381. */
  readonly codecs: string
  readonly channels?: number
  /** RFC 5646, such as "en". */
  readonly language?: string
  /** Bits per second; added to those of each variant. */
  readonly bandwidth: number
  readonly averageBandwidth?: number
}

export interface Variant {
  readonly uri: string
  /** RFC 6381, of the video alone; absent in a variant of audio alone. */
  readonly codecs?: string
  /** Bits per second of the video: its largest segment, and over all of them. */
  readonly bandwidth: number
  readonly averageBandwidth?: number
  readonly width?: number
  readonly height?: number
  readonly frameRate?: number
  /** Shown by players that know it. */
  readonly name?: string
}

export interface MultivariantPlaylist {
  /** In the order of preference: players begin with the first. */
  readonly variants: readonly Variant[]
  readonly audio?: AudioRendition
  /** Where to begin: seconds before the end of what there is. RFC 8216 §4.3.5.2. Absent: as the player likes. */
  readonly startBeforeEnd?: number
}

const VERSION = 7
const AUDIO_GROUP = 'audio'

/** Without variants, and with audio: one variant that is the audio. */
export function renderMultivariantPlaylist({
  variants,
  audio,
  startBeforeEnd,
}: MultivariantPlaylist): string {
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${VERSION}`, '#EXT-X-INDEPENDENT-SEGMENTS']
  if (startBeforeEnd !== undefined) lines.push(`#EXT-X-START:TIME-OFFSET=${-Math.ceil(startBeforeEnd)}`)
  if (audio && variants.length === 0) {
    lines.push(...renderVariant({ uri: audio.uri, bandwidth: 0 }, audio, false))
  } else {
    if (audio) lines.push(renderAudio(audio))
    for (const variant of variants) lines.push(...renderVariant(variant, audio, true))
  }
  return `${lines.join('\n')}\n`
}

function renderAudio(audio: AudioRendition): string {
  return `#EXT-X-MEDIA:${renderAttributes({
    TYPE: { bare: 'AUDIO' },
    'GROUP-ID': AUDIO_GROUP,
    NAME: audio.name,
    LANGUAGE: audio.language,
    DEFAULT: { bare: 'YES' },
    AUTOSELECT: { bare: 'YES' },
    CHANNELS: audio.channels === undefined ? undefined : String(audio.channels),
    URI: audio.uri,
  })}`
}

function renderVariant(variant: Variant, audio: AudioRendition | undefined, asGroup: boolean): string[] {
  const { width, height, frameRate } = variant
  const average =
    variant.averageBandwidth === undefined && asGroup
      ? undefined
      : (variant.averageBandwidth ?? 0) + (audio?.averageBandwidth ?? audio?.bandwidth ?? 0)
  const attributes = renderAttributes({
    BANDWIDTH: Math.max(1, Math.ceil(variant.bandwidth + (audio?.bandwidth ?? 0))),
    'AVERAGE-BANDWIDTH': average === undefined ? undefined : Math.max(1, Math.ceil(average)),
    CODECS: [variant.codecs, audio?.codecs].filter((codecs) => codecs !== undefined).join(','),
    RESOLUTION: width && height ? { bare: `${width}x${height}` } : undefined,
    'FRAME-RATE': frameRate ? { bare: frameRate.toFixed(3) } : undefined,
    AUDIO: audio && asGroup ? AUDIO_GROUP : undefined,
    NAME: variant.name,
  })
  return [`#EXT-X-STREAM-INF:${attributes}`, oneLine(variant.uri)]
}
