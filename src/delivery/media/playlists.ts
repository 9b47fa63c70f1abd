/**
 * Playlists of a video, rendered from its timeline when it has grown, and kept until it grows again:
 * a broadcast's audience asks for the same text every few seconds.
 */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { VideoRecord } from '../../library/video-record.ts'
import { AUDIO_RENDITION } from '../../media/layout.ts'
import type { Timeline } from '../../packaging/timeline.ts'
import type { KnownTimeline, TimelineCache } from '../../packaging/timeline-cache.ts'
import { type FindKeyframes, makeIFrameFinder } from './i-frames.ts'
import { chooseOffer, isOffered, type Offer } from './playable-renditions.ts'
import { GROWING_TARGET_SECONDS, renderIFrames, renderOffer, renderTimeline } from './playlist-texts.ts'

export interface PlaylistText {
  readonly text: string
  readonly etag: string
  /** More will be added: ask again. */
  readonly growing: boolean
  /** The text compressed, once for all who ask. */
  gzipped(): Buffer
}

export interface PlaylistWish {
  /** While on air, it says to begin near the end. */
  readonly nearLive: boolean
  /** Of a video with pictures, no variant of sound alone: for players that would take it for one more quality. */
  readonly withPictures: boolean
}

export interface Playlists {
  /** Undefined: nothing can be played yet. */
  multivariant(video: VideoRecord, wish: PlaylistWish): Promise<PlaylistText | undefined>
  /** Undefined: the video has no such rendition, or not yet. */
  media(video: VideoRecord, rendition: string): Promise<PlaylistText | undefined>
  /** Of its keyframes alone. Undefined: they are not known, or not offered. */
  iFrames(video: VideoRecord, rendition: string): Promise<PlaylistText | undefined>
  /** Whether the video's timeline has this segment. */
  holds(video: VideoRecord, segment: number): Promise<boolean>
}

/** Of a four-hour broadcast each is about 300 kB. */
const MAX_TEXTS = 400
const RECENT_SEGMENTS = 5

interface KeptText extends PlaylistText {
  /** What it was rendered from. */
  readonly version: string
}

export function makePlaylists(timelines: TimelineCache, findKeyframes: FindKeyframes): Playlists {
  const kept = new Map<string, KeptText>()

  function render(key: string, version: string, growing: boolean, make: () => string): PlaylistText {
    const known = kept.get(key)
    kept.delete(key)
    const text = known?.version === version ? known : { version, ...makeText(make(), growing) }
    kept.set(key, text)
    const oldest = kept.keys().next().value
    if (kept.size > MAX_TEXTS && oldest !== undefined) kept.delete(oldest)
    return text
  }

  const findIFrames = makeIFrameFinder(findKeyframes)
  const offers = new WeakMap<VideoRecord, { readonly known: KnownTimeline; readonly offer: Offer }>()

  /** Decided from the whole timeline; while neither it nor the video changed, it is the same. */
  function offerOf(video: VideoRecord, known: KnownTimeline): Offer {
    const before = offers.get(video)
    if (before?.known === known) return before.offer
    const offer = chooseOffer(video, known.timeline)
    offers.set(video, { known, offer })
    return offer
  }

  return {
    async multivariant(video, { nearLive, withPictures }) {
      const known = await timelines.get(video.mediaId)
      if (!known || known.timeline.segments.length === 0) return undefined
      const offer = offerOf(video, known)
      if (offer.variants.length === 0 && offer.sounds.length === 0) return undefined
      const near = nearLive && !known.timeline.ended
      const iFrames = await findIFrames(video, known.timeline, offer)
      const begin = near ? nearLiveSeconds(known.timeline) : undefined
      const text = renderOffer(video, offer, iFrames, withPictures, begin)
      return render(
        `${video.mediaId}/${near ? 'near' : ''}${withPictures ? 'pictures' : ''}`,
        text,
        !known.timeline.ended || video.state !== 'ready',
        () => text,
      )
    },

    async media(video, rendition) {
      const known = await timelines.get(video.mediaId)
      if (!known || !isOffered(offerOf(video, known), rendition)) return undefined
      const { timeline, version } = known
      const initOf = initNaming(video, timeline, rendition)
      return render(`${video.mediaId}/${rendition}`, `${version} ${initOf.name}`, !timeline.ended, () =>
        renderTimeline(timeline, initOf.uri),
      )
    },

    async iFrames(video, rendition) {
      const known = await timelines.get(video.mediaId)
      if (!known) return undefined
      const { timeline, version } = known
      const offered = await findIFrames(video, timeline, offerOf(video, known))
      const found = offered.find(({ variant }) => variant.name === rendition)
      if (!found) return undefined
      const initOf = initNaming(video, timeline, rendition)
      // Where they lie changes when the rendition is made anew: then its rate does.
      const made = `${version} ${initOf.name} ${found.bandwidth} ${found.averageBandwidth}`
      return render(`${video.mediaId}/${rendition}/i`, made, !timeline.ended, () =>
        renderIFrames(found.frames, timeline.ended, initOf.uri),
      )
    },

    async holds(video, segment) {
      const known = await timelines.get(video.mediaId)
      return known !== undefined && segment < known.timeline.segments.length
    },
  }
}

/** A player that looks for more only once in a target duration has enough until then (docs/decisions/0009). */
function nearLiveSeconds({ segments }: Timeline): number {
  const recent = segments.slice(-RECENT_SEGMENTS).map(({ duration }) => duration)
  return GROWING_TARGET_SECONDS + Math.max(...recent)
}

/**
 * Passed-through renditions have an init segment for each decoder configuration, encoded ones a single one
 * (media/layout.ts). In a planned timeline everything is encoded; in a measured one what it has no
 * configuration of: sound that browsers do not play is left out of it and encoded beside the pictures.
 */
function initNaming(
  video: VideoRecord,
  { kind: timelineKind, inits }: Timeline,
  rendition: string,
): { name: string; uri: (init: number) => string } {
  const kind =
    video.renditions.find(({ name }) => name === rendition)?.kind ??
    (rendition === AUDIO_RENDITION ? 'audio' : 'original')
  const passedThrough =
    timelineKind === 'measured' &&
    (kind === 'original' || (rendition === AUDIO_RENDITION && inits.some(({ audio }) => audio)))
  return passedThrough
    ? { name: 'numbered', uri: (init) => `init-${init}.mp4` }
    : { name: 'single', uri: () => 'init.mp4' }
}

function makeText(text: string, growing: boolean): PlaylistText {
  let compressed: Buffer | undefined
  return {
    text,
    growing,
    etag: `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`,
    gzipped: () => {
      compressed ??= gzipSync(text)
      return compressed
    },
  }
}
