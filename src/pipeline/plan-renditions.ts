/** Which renditions a video gets, from what its timeline says about the source. Pure. */

import type { VideoId } from '../kernel/ids.ts'
import { AUDIO_RENDITION, ORIGINAL } from '../media/layout.ts'
import type { TimelineInit } from '../packaging/timeline.ts'
import type { RenditionPlan } from './catalogue.ts'
import type { VideoCodec } from './codec-levels.ts'
import { type JobRequest, PRIORITY, type Urgency } from './job-kinds.ts'
import { ENCODED_AUDIO, lowestRung, planLadder, type RenditionSettings, type Rung } from './ladder.ts'
import { soundEstimates } from './plan-sounds.ts'

/** `encodeAudio`: the source has sound that cannot be passed through and must be encoded. */
export function planRenditions(
  timeline: 'measured' | 'planned',
  init: Pick<TimelineInit, 'video' | 'audio' | 'carriedAudio' | 'carriedVideo'>,
  options: { readonly encodeAudio: boolean; readonly codecs?: readonly VideoCodec[] },
): readonly RenditionPlan[] {
  const plans: RenditionPlan[] = []
  const { video, audio, carriedAudio, carriedVideo } = init
  if (video && timeline === 'measured') {
    plans.push({
      name: ORIGINAL,
      kind: 'original',
      codecs: video.codec,
      width: video.width,
      height: video.height,
      frameRate: video.frameRate,
    })
  }
  if (options.encodeAudio || carriedAudio) {
    // Stereo, whatever it begins as: what a broadcast sends may become more later.
    plans.push({
      name: AUDIO_RENDITION,
      channels: ENCODED_AUDIO.channels,
      ...soundEstimates(ENCODED_AUDIO),
      settings: ENCODED_AUDIO,
    })
  } else if (audio) {
    plans.push({ name: AUDIO_RENDITION, kind: 'audio', codecs: audio.codec, channels: audio.channels })
  }
  // An original that some browsers do not play needs a rung of its own size beside it.
  const { codecs } = options
  if (video) {
    const kind = playsEverywhere(video.codec) ? timeline : 'planned'
    plans.push(...planLadder(video, kind, codecs).map(renditionOf))
  } else if (carriedVideo) plans.push(...planLadder(carriedVideo, 'planned', codecs).map(renditionOf))
  return plans
}

/** H.264 in 8 bits, 4:2:0; RFC 6381 §3.3 has profile_idc first. Anything is, as long as nothing is passed through. */
function playsEverywhere(codec: string): boolean {
  return /^avc[13]\.(42|4d|58|64)/i.test(codec) || codec === 'avc1'
}

function renditionOf(rung: Rung): RenditionPlan {
  const { name, codecs, width, height, frameRate, bandwidth, averageBandwidth } = rung
  return {
    name,
    kind: 'video',
    codecs,
    width,
    height,
    frameRate,
    bandwidth,
    averageBandwidth,
    settings: rung,
  }
}

/** Names of those that are made first: the lowest rung and the main sound. */
export function leadRenditions(
  renditions: readonly { readonly name: string; readonly settings?: RenditionSettings }[],
): readonly string[] {
  const rungs = renditions.flatMap(({ settings }) => (settings?.kind === 'video' ? [settings] : []))
  const lowest = lowestRung(rungs)
  return renditions
    .filter(
      ({ name, settings }) => settings !== undefined && (name === AUDIO_RENDITION || name === lowest?.name),
    )
    .map(({ name }) => name)
}

/** The lowest rung and the main sound first, so that something plays soon; the other rungs together, decoded once. */
export function chunkJobs(
  videoId: VideoId,
  index: number,
  renditions: readonly RenditionPlan[],
  urgency: Urgency,
): readonly JobRequest[] {
  const lead = leadRenditions(renditions)
  const rest = renditions
    .filter(({ name, settings }) => settings !== undefined && !lead.includes(name))
    .map(({ name }) => name)
  const job = (names: readonly string[], priority: number): JobRequest[] =>
    names.length === 0
      ? []
      : [
          {
            kind: 'encode-chunk',
            priority,
            data: { videoId, index, renditions: names },
          },
        ]
  return [...job(lead, PRIORITY[urgency].lead), ...job(rest, PRIORITY[urgency].rest)]
}
