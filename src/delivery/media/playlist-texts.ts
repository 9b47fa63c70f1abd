/** Playlists as text, from what is offered and from timelines. Every address is relative, so that the signed prefix stays. */
import { renderMediaPlaylist } from '../../formats/hls/media-playlist.ts'
import {
  renderMultivariantPlaylist,
  type SubtitleRendition,
} from '../../formats/hls/multivariant-playlist.ts'
import type { VideoRecord } from '../../library/video-record.ts'
import type { Timeline } from '../../packaging/timeline.ts'
import type { IFrame, OfferedIFrames } from './i-frames.ts'
import type { Offer } from './playable-renditions.ts'

/** A growing playlist's target duration may not change: no encoder worth its name has keyframes farther apart. RFC 8216 §4.3.3.1. */
export const GROWING_TARGET_SECONDS = 10
const AUDIO_NAME = 'Audio'
/** Bits per second. HLS Authoring Specification for Apple Devices, 1.20: at most 192 kbit/s. */
const MOST_SOUND_ALONE = 192_000

export function renderOffer(
  video: VideoRecord,
  { variants, sounds }: Offer,
  iFrames: readonly OfferedIFrames[],
  withPictures: boolean,
  startBeforeEnd: number | undefined,
): string {
  return renderMultivariantPlaylist({
    ...(startBeforeEnd !== undefined && { startBeforeEnd }),
    variants: variants.map(({ name, codecs, width, height, frameRate, bandwidth, averageBandwidth }) => ({
      uri: `${name}/index.m3u8`,
      name,
      bandwidth,
      averageBandwidth,
      ...(codecs !== undefined && { codecs }),
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
      ...(frameRate !== undefined && { frameRate }),
    })),
    iFrames: iFrames.map(({ variant: { name, codecs, width, height }, bandwidth, averageBandwidth }) => ({
      uri: `${name}/iframes.m3u8`,
      bandwidth,
      averageBandwidth,
      ...(codecs !== undefined && { codecs }),
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
    })),
    subtitles: subtitlesOf(video),
    // Once they are a track of their own, that is better: it can be styled, and is there in every quality.
    closedCaptions: video.closedCaptions && !video.captions.some(({ origin }) => origin === 'broadcast'),
    soundAlone: !withPictures && (sounds[0]?.bandwidth ?? 0) <= MOST_SOUND_ALONE,
    sounds: sounds.map(({ name, label, language, codecs, bandwidth, averageBandwidth, channels }) => ({
      uri: `${name}/index.m3u8`,
      name: label ?? AUDIO_NAME,
      codecs,
      bandwidth,
      averageBandwidth,
      channels,
      ...(language !== null && { language }),
    })),
  })
}

/** Names tell them apart in menus: no two are the same. RFC 8216 §4.3.4.1.1 */
function subtitlesOf({ captions }: VideoRecord): readonly SubtitleRendition[] {
  const taken = new Set<string>()
  return captions.map(({ id, version, language, name, kind, isDefault }) => {
    let own = name
    for (let n = 2; taken.has(own); n++) own = `${name} (${n})`
    taken.add(own)
    return {
      uri: `captions/${id}-${version}/index.m3u8`,
      name: own,
      isDefault,
      describesSound: kind === 'captions',
      ...(language !== 'und' && { language }),
    }
  })
}

/** Relative to the playlist, so that the signed prefix stays. */
export function renderTimeline(timeline: Timeline, initUri: (init: number) => string): string {
  return renderMediaPlaylist({
    segments: timeline.segments.map(({ number, duration, init, discontinuity }) => ({
      uri: `${number}.m4s`,
      duration,
      map: initUri(init),
      discontinuity,
    })),
    ended: timeline.ended,
    ...(!timeline.ended && { targetDuration: GROWING_TARGET_SECONDS }),
  })
}

export function renderIFrames(
  frames: readonly IFrame[],
  ended: boolean,
  initUri: (init: number) => string,
): string {
  return renderMediaPlaylist({
    iFramesOnly: true,
    segments: frames.map(({ segment: { number, init, duration, discontinuity }, range }) => ({
      uri: `${number}.m4s`,
      duration,
      map: initUri(init),
      discontinuity,
      ...(range ? { range } : { gap: true }),
    })),
    ended,
    ...(!ended && { targetDuration: GROWING_TARGET_SECONDS }),
  })
}
