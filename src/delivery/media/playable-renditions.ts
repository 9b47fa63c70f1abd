/**
 * What a video's multivariant playlist offers: the original and every rung that has not failed, on air as
 * well as afterwards. Pure. A rung is a promise: a segment of it that is not made yet is made when it is
 * asked for (docs/decisions).
 *
 * A player begins with the first variant it finds (RFC 8216 §6.3.1 leaves it free, video.js and Safari
 * do). Afterwards that is the lowest, which is made first and arrives first; on air it is the original,
 * which is there without an encoder.
 */
import type { RenditionRecord, VideoRecord } from '../../library/video-record.ts'
import { AUDIO_RENDITION, ORIGINAL } from '../../media/layout.ts'
import type { Timeline, TimelineInit } from '../../packaging/timeline.ts'

export interface OfferedAudio {
  readonly name: string
  /** RFC 6381. */
  readonly codecs: string
  readonly channels: number
  /** Shown in menus; null when nobody said. */
  readonly label: string | null
  /** BCP 47. */
  readonly language: string | null
  /** Bits per second, peak over segments and average. */
  readonly bandwidth: number
  readonly averageBandwidth: number
}

export interface OfferedVariant {
  readonly name: string
  /** Of the pictures alone. */
  readonly codecs: string | undefined
  readonly width: number | undefined
  readonly height: number | undefined
  readonly frameRate: number | undefined
  readonly bandwidth: number
  readonly averageBandwidth: number
}

export interface Offer {
  /** In the order in which players should try them. Empty: the video has sound only. */
  readonly variants: readonly OfferedVariant[]
  /** The one that is heard by default first. */
  readonly sounds: readonly OfferedAudio[]
}

/** Until it is measured: what AAC at its usual rates needs at most. */
const AUDIO_BANDWIDTH = 192_000
/** AAC-LC, stereo: pipeline/ladder.ts. */
const ENCODED_AUDIO_CODECS = 'mp4a.40.2'
const ENCODED_AUDIO_CHANNELS = 2

export function chooseOffer(video: VideoRecord, timeline: Timeline): Offer {
  const firstVideo = timeline.inits.find((init) => init.video)
  const firstAudio = timeline.inits.find((init) => init.audio)
  const usable = video.renditions.filter(({ state }) => state !== 'failed')
  const originalRow = video.renditions.find(({ kind }) => kind === 'original')
  const soundRows = usable.filter(({ kind }) => kind === 'audio')
  const mainRow = soundRows.find(({ name }) => name === AUDIO_RENDITION)
  const others = soundRows.filter((row) => row !== mainRow)
  const hasMain = mainRow !== undefined || (firstAudio !== undefined && timeline.kind === 'measured')
  const variants: OfferedVariant[] = []
  // While its rows are not written yet, a measured timeline is itself the sign that there is an original.
  if (timeline.kind === 'measured' && firstVideo && originalRow?.state !== 'failed') {
    variants.push(describeOriginal(originalRow, timeline, firstVideo))
  }
  const original = variants[0]
  const rungs = usable.filter(({ kind }) => kind === 'video').map((row) => describeRung(row, original))
  const byRate = [...variants, ...rungs]
    .toSorted((a, b) => a.bandwidth - b.bandwidth)
    .toSorted((a, b) => Number(isUnusual(a)) - Number(isUnusual(b)))
  return {
    variants:
      video.state === 'live' && !timeline.ended
        ? byRate.toSorted((a, b) => Number(b === original) - Number(a === original))
        : byRate,
    sounds: [
      ...(hasMain ? [describeAudio(mainRow, timeline, firstAudio)] : []),
      ...others.map((row) => describeAudio(row, timeline, undefined)),
    ],
  }
}

/** Whether the video has this rendition at all. */
export function isOffered(offer: Offer, rendition: string): boolean {
  return (
    offer.sounds.some(({ name }) => name === rendition) ||
    offer.variants.some(({ name }) => name === rendition)
  )
}

/** Some players begin with the first whatever it is: those that not everything plays come last. */
function isUnusual({ codecs }: OfferedVariant): boolean {
  return codecs !== undefined && !codecs.startsWith('avc')
}

function describeOriginal(
  row: RenditionRecord | undefined,
  timeline: Timeline,
  init: TimelineInit,
): OfferedVariant {
  const measured = measure(timeline, 'videoBytes')
  return {
    name: row?.name ?? ORIGINAL,
    codecs: row?.codecs ?? init.video?.codec,
    width: row?.width ?? init.video?.width,
    height: row?.height ?? init.video?.height,
    frameRate: row?.frameRate ?? init.video?.frameRate,
    bandwidth: row?.bandwidth ?? measured.peak,
    averageBandwidth: row?.averageBandwidth ?? measured.average,
  }
}

/** Until it is measured the ladder's estimate counts, but no smaller picture needs more than the original does. */
function describeRung(row: RenditionRecord, original: OfferedVariant | undefined): OfferedVariant {
  const told = row.bandwidth ?? row.averageBandwidth ?? 1_000_000
  const measured = row.state === 'ready' || row.bytes > 0
  const most = measured || !original ? told : original.bandwidth * shareOf(row, original)
  const bandwidth = Math.ceil(Math.min(told, most))
  return {
    name: row.name,
    codecs: row.codecs ?? undefined,
    width: row.width ?? undefined,
    height: row.height ?? undefined,
    frameRate: row.frameRate ?? undefined,
    bandwidth,
    averageBandwidth: Math.min(row.averageBandwidth ?? bandwidth, bandwidth),
  }
}

/** Bits grow more slowly than pixels do. */
function shareOf(row: RenditionRecord, original: OfferedVariant): number {
  const pixels = (row.width ?? 0) * (row.height ?? 0)
  const ofOriginal = (original.width ?? 0) * (original.height ?? 0)
  return pixels > 0 && ofOriginal > pixels ? (pixels / ofOriginal) ** 0.75 : 1
}

function describeAudio(
  row: RenditionRecord | undefined,
  timeline: Timeline,
  init: TimelineInit | undefined,
): OfferedAudio {
  // A planned timeline tells what the source's sound is, not what is made of it.
  const passedThrough = timeline.kind === 'measured' ? init?.audio : undefined
  const measured = row === undefined || init ? measure(timeline, 'audioBytes') : { peak: 0, average: 0 }
  const bandwidth = row?.bandwidth ?? (measured.peak || AUDIO_BANDWIDTH)
  return {
    name: row?.name ?? AUDIO_RENDITION,
    codecs: row?.codecs ?? passedThrough?.codec ?? ENCODED_AUDIO_CODECS,
    channels: row?.channels ?? passedThrough?.channels ?? ENCODED_AUDIO_CHANNELS,
    label: row?.label ?? null,
    language: row?.language ?? null,
    bandwidth,
    averageBandwidth: row?.averageBandwidth ?? (measured.average || bandwidth),
  }
}

/** RFC 8216 §4.3.4.2: peak is the largest of any segment, average over all of them. */
function measure(timeline: Timeline, bytes: 'videoBytes' | 'audioBytes'): { peak: number; average: number } {
  let [peak, total, seconds] = [0, 0, 0]
  for (const segment of timeline.segments) {
    total += segment[bytes]
    seconds += segment.duration
    if (segment.duration > 0) peak = Math.max(peak, (segment[bytes] * 8) / segment.duration)
  }
  return {
    peak: Math.ceil(peak),
    average: seconds > 0 ? Math.ceil((total * 8) / seconds) : 0,
  }
}
