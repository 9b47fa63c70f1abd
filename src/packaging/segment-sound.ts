/**
 * How a segment's sound is kept: passed through as CMAF, or carried in pieces for the encoder. A video has
 * one rendition of sound, which is either passed through or encoded as a whole: what its sound began as
 * decides. Sound that begins playable and becomes foreign is left out from there; sound that begins
 * foreign is carried to the end, also where it becomes playable.
 */
import type { CarriedAudio } from './carried-audio.ts'
import { encodeCarriedPiece } from './carried-piece.ts'
import type { FlvAudioTrack } from './flv-tracks.ts'
import { type MuxAudioTrack, type MuxPacket, muxInit, muxSegment } from './segment-muxer.ts'
import { audioConfig } from './source-config.ts'
import type { TimelineInit } from './timeline.ts'

export type SourceAudio = MuxAudioTrack | FlvAudioTrack

export type KeptSound =
  | { readonly how: 'passed'; readonly track: MuxAudioTrack }
  | { readonly how: 'carried'; readonly carried: CarriedAudio }

/** First byte of an AAC tag, FLV 10.1 §E.4.2.1. */
const AAC_HEADER = 0xaf

/** `inits`: of the timeline so far. */
export function keepSound(
  track: SourceAudio | undefined,
  inits: readonly TimelineInit[],
): KeptSound | undefined {
  if (!track) return undefined
  const carries = inits.find((init) => init.audio ?? init.carriedAudio)?.carriedAudio !== undefined
  if ('carried' in track && track.carried) {
    return carries || !inits.some(({ audio }) => audio)
      ? { how: 'carried', carried: track.carried }
      : undefined
  }
  const passed = track as MuxAudioTrack
  if (!carries) return { how: 'passed', track: passed }
  const { channels, sampleRate, description } = passed
  const config = description && Buffer.from(description).toString('base64')
  return {
    how: 'carried',
    carried: { codec: 'aac', channels, sampleRate, flvHeader: AAC_HEADER, ...(config ? { config } : {}) },
  }
}

/** Equal for equal configurations; of sound that is passed through it is the init segment. */
export async function soundInit(sound: KeptSound, first: MuxPacket | undefined): Promise<Uint8Array> {
  return sound.how === 'passed' ? muxInit(sound.track, first) : carriedInit(sound.carried)
}

export function carriedInit(carried: CarriedAudio): Uint8Array {
  const { codec, channels, sampleRate, flvHeader, config } = carried
  return Buffer.from(JSON.stringify([codec, channels, sampleRate, flvHeader, config]))
}

export function describeSound(sound: KeptSound): Pick<TimelineInit, 'audio' | 'carriedAudio'> {
  return sound.how === 'passed' ? { audio: audioConfig(sound.track) } : { carriedAudio: sound.carried }
}

export async function packSound(
  sound: KeptSound,
  number: number,
  packets: readonly MuxPacket[],
): Promise<readonly Uint8Array[]> {
  return sound.how === 'passed' ? muxSegment(sound.track, number, packets) : [encodeCarriedPiece(packets)]
}
