/**
 * The multivariant playlist: every video rendition, and the sounds that each of them can be heard with, as
 * one group.
 * Spec: RFC 8216 §4.3.4; HLS Authoring Specification for Apple Devices, §9 (a variant of sound alone).
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
  /** Bits per second; the most of the group is added to those of each variant. */
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

/** A media playlist of keyframes alone. RFC 8216 §4.3.4.3 */
export interface IFrameVariant {
  readonly uri: string
  /** Bits per second of the keyframes: the largest over the time it stands for, and all of them. */
  readonly bandwidth: number
  readonly averageBandwidth: number
  readonly codecs?: string
  readonly width?: number
  readonly height?: number
}

/** Words to be read: a media playlist of WebVTT. RFC 8216 §4.3.4.1 */
export interface SubtitleRendition {
  readonly uri: string
  /** Shown in the player's menu; another one for each. */
  readonly name: string
  /** RFC 5646. */
  readonly language?: string
  /** Shown unless the viewer wants none, or others. */
  readonly isDefault: boolean
  /** Also what is heard, for who does not hear. */
  readonly describesSound: boolean
}

export interface MultivariantPlaylist {
  /** In the order of preference: players begin with the first. */
  readonly variants: readonly Variant[]
  /** For scrubbing. */
  readonly iFrames?: readonly IFrameVariant[]
  /** The first is heard unless another is chosen. Names differ. */
  readonly sounds?: readonly AudioRendition[]
  readonly subtitles?: readonly SubtitleRendition[]
  /** The pictures themselves carry captions: CEA-608, its first channel. */
  readonly closedCaptions?: boolean
  /** Also the first sound as a variant of its own, last: for lines that carry no picture. */
  readonly soundAlone?: boolean
  /** Where to begin: seconds before the end of what there is. RFC 8216 §4.3.5.2. Absent: as the player likes. */
  readonly startBeforeEnd?: number
}

const VERSION = 7
const AUDIO_GROUP = 'audio'
const SUBTITLES_GROUP = 'subtitles'
const CLOSED_CAPTIONS_GROUP = 'closed-captions'
const DESCRIBES_SOUND =
  'public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound'
const CLOSED_CAPTIONS = `#EXT-X-MEDIA:${renderAttributes({
  TYPE: { bare: 'CLOSED-CAPTIONS' },
  'GROUP-ID': CLOSED_CAPTIONS_GROUP,
  NAME: 'Closed captions',
  DEFAULT: { bare: 'NO' },
  AUTOSELECT: { bare: 'YES' },
  'INSTREAM-ID': 'CC1',
})}`

/** Without variants, and with sounds: one variant that is the first of them. */
export function renderMultivariantPlaylist({
  variants,
  iFrames = [],
  sounds = [],
  subtitles = [],
  closedCaptions = false,
  soundAlone = false,
  startBeforeEnd,
}: MultivariantPlaylist): string {
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${VERSION}`, '#EXT-X-INDEPENDENT-SEGMENTS']
  if (startBeforeEnd !== undefined) lines.push(`#EXT-X-START:TIME-OFFSET=${-Math.ceil(startBeforeEnd)}`)
  const [main] = sounds
  const group = variants.length > 0 || sounds.length > 1
  if (group) lines.push(...sounds.map((sound) => renderAudio(sound, sound === main)))
  lines.push(...subtitles.map(renderSubtitles))
  if (closedCaptions) lines.push(CLOSED_CAPTIONS)
  const words = { subtitles: subtitles.length > 0, closedCaptions }
  for (const variant of variants) lines.push(...renderVariant(variant, sounds, group, words))
  if (main && (soundAlone || variants.length === 0))
    lines.push(...renderVariant({ uri: main.uri, bandwidth: 0, averageBandwidth: 0 }, sounds, group, words))
  lines.push(...iFrames.map(renderIFrames))
  return `${lines.join('\n')}\n`
}

function renderIFrames({ uri, bandwidth, averageBandwidth, codecs, width, height }: IFrameVariant): string {
  return `#EXT-X-I-FRAME-STREAM-INF:${renderAttributes({
    BANDWIDTH: Math.max(1, Math.ceil(bandwidth)),
    'AVERAGE-BANDWIDTH': Math.max(1, Math.ceil(averageBandwidth)),
    CODECS: codecs,
    RESOLUTION: width && height ? { bare: `${width}x${height}` } : undefined,
    URI: uri,
  })}`
}

function renderAudio(audio: AudioRendition, isDefault: boolean): string {
  return `#EXT-X-MEDIA:${renderAttributes({
    TYPE: { bare: 'AUDIO' },
    'GROUP-ID': AUDIO_GROUP,
    NAME: audio.name,
    LANGUAGE: audio.language,
    DEFAULT: { bare: isDefault ? 'YES' : 'NO' },
    AUTOSELECT: { bare: 'YES' },
    CHANNELS: audio.channels === undefined ? undefined : String(audio.channels),
    URI: audio.uri,
  })}`
}

function renderSubtitles(track: SubtitleRendition): string {
  return `#EXT-X-MEDIA:${renderAttributes({
    TYPE: { bare: 'SUBTITLES' },
    'GROUP-ID': SUBTITLES_GROUP,
    NAME: track.name,
    LANGUAGE: track.language,
    DEFAULT: { bare: track.isDefault ? 'YES' : 'NO' },
    AUTOSELECT: { bare: 'YES' },
    FORCED: { bare: 'NO' },
    CHARACTERISTICS: track.describesSound ? DESCRIBES_SOUND : undefined,
    URI: track.uri,
  })}`
}

function renderVariant(
  variant: Variant,
  sounds: readonly AudioRendition[],
  group: boolean,
  words: { readonly subtitles: boolean; readonly closedCaptions: boolean },
): string[] {
  const { width, height, frameRate } = variant
  const most = (rates: readonly number[]) => Math.max(0, ...rates)
  const peak = variant.bandwidth + most(sounds.map(({ bandwidth }) => bandwidth))
  const average =
    variant.averageBandwidth === undefined
      ? undefined
      : variant.averageBandwidth +
        most(sounds.map(({ averageBandwidth, bandwidth }) => averageBandwidth ?? bandwidth))
  const codecs = new Set([variant.codecs, ...sounds.map((sound) => sound.codecs)])
  const attributes = renderAttributes({
    BANDWIDTH: Math.max(1, Math.ceil(peak)),
    'AVERAGE-BANDWIDTH': average === undefined ? undefined : Math.max(1, Math.ceil(average)),
    CODECS: [...codecs].filter((codec) => codec !== undefined).join(','),
    RESOLUTION: width && height ? { bare: `${width}x${height}` } : undefined,
    'FRAME-RATE': frameRate ? { bare: frameRate.toFixed(3) } : undefined,
    AUDIO: sounds.length > 0 && group ? AUDIO_GROUP : undefined,
    SUBTITLES: words.subtitles ? SUBTITLES_GROUP : undefined,
    'CLOSED-CAPTIONS': words.closedCaptions ? CLOSED_CAPTIONS_GROUP : undefined,
    NAME: variant.name,
  })
  return [`#EXT-X-STREAM-INF:${attributes}`, oneLine(variant.uri)]
}
