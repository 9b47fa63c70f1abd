/** Renditions of the sounds of an uploaded file. Pure. */
import { AUDIO_RENDITION } from '../media/layout.ts'
import type { RenditionPlan, RenditionRecord, SoundRow } from './catalogue.ts'
import { type AudioSettings, ENCODED_AUDIO } from './ladder.ts'
import { type SoundTrack, soundTracks } from './sound-tracks.ts'
import type { SourceMedia } from './source.ts'

export interface SoundPlan {
  readonly renditions: readonly RenditionPlan[]
  /** Of all of them, those that are there already too. */
  readonly sounds: readonly SoundRow[]
}

/**
 * `mainPassed`: the one heard by default is in the timeline, or carried beside it; its row is the planner's.
 * `originSeconds`: as in AudioSettings.
 */
export function planSounds(
  media: SourceMedia,
  options: { readonly mainPassed: boolean; readonly originSeconds: number },
): SoundPlan {
  const tracks = soundTracks(media)
  const encoded = tracks.filter(({ name }) => !(options.mainPassed && name === AUDIO_RENDITION))
  return {
    renditions: encoded.map((track) => encodedSound(track, options.originSeconds)),
    sounds: tracks.map(({ source: _, ...row }) => row),
  }
}

function encodedSound({ source, ...row }: SoundTrack, originSeconds: number): RenditionPlan {
  const channels = row.channels === 1 ? 1 : 2
  const settings: AudioSettings = {
    ...ENCODED_AUDIO,
    channels,
    bitRate: BIT_RATES[channels],
    streamIndex: source.index,
    ...(source.channels > 2 ? { limited: true } : {}),
    originSeconds,
  }
  return { ...row, ...soundEstimates(settings), settings }
}

/** The main sound again, as loud as other videos are. */
export function evenSound(main: RenditionRecord, gainDb: number): RenditionPlan {
  const passed: AudioSettings = { ...ENCODED_AUDIO, channels: main.channels === 1 ? 1 : 2 }
  const own = main.settings?.kind === 'audio' ? main.settings : passed
  const settings: AudioSettings = {
    ...own,
    bitRate: BIT_RATES[own.channels],
    gainDb,
    // Turned down, its peaks come down with it.
    ...(gainDb > 0 ? { limited: true } : {}),
  }
  return {
    name: EVEN_SOUND,
    label: main.language === undefined || !main.label ? 'Even loudness' : `${main.label}, even loudness`,
    channels: own.channels,
    ...(main.language === undefined ? {} : { language: main.language }),
    ...soundEstimates(settings),
    settings,
  }
}

const EVEN_SOUND = `${AUDIO_RENDITION}-even`

/** One channel needs more than half of what two do, which have much in common. */
const BIT_RATES = { 1: 80_000, 2: ENCODED_AUDIO.bitRate } as const

/** What playlists say until it is measured. */
export function soundEstimates({ bitRate }: AudioSettings) {
  return {
    kind: 'audio',
    codecs: 'mp4a.40.2',
    bandwidth: Math.round(bitRate * 1.1),
    averageBandwidth: bitRate,
  } as const
}
