/** The tracks of an uploaded file that are passed through, or why none is. */
import { type Input, UnsupportedInputFormatError } from 'mediabunny'
import { describeError } from '../kernel/errors.ts'
import { readAudioTrack, readVideoTrack } from './encoded-input.ts'
import { CannotBePassed, makeUploadTracks, type UploadTracks } from './upload-segments.ts'

/** Which of the file's so many tracks of a kind, from 0. */
export interface TrackPlace {
  readonly nth: number
  readonly of: number
}

export interface WantedTracks {
  /** Undefined: none, all sound is to be encoded from the upload. Only AAC is ever passed through. */
  readonly passAudio: TrackPlace | undefined
  /** Undefined: the main one. */
  readonly pictures?: TrackPlace | undefined
}

export interface NotOpened {
  readonly outcome: 'needs-remux' | 'not-passable'
  readonly reason: string
}

export async function openTracks(
  input: Input,
  { passAudio, pictures }: WantedTracks,
): Promise<UploadTracks | NotOpened> {
  try {
    const picture = await findPicture(input, pictures)
    const sounds = await input.getAudioTracks()
    // Counted otherwise, which one is meant is not known: better encoded than the wrong one.
    const sound = passAudio && sounds.length === passAudio.of ? sounds[passAudio.nth] : undefined
    const video = picture && (await readVideoTrack(picture))
    if (!picture || !video) return { outcome: 'needs-remux', reason: 'Its pictures cannot be found.' }
    if (video.codec !== 'avc')
      return { outcome: 'not-passable', reason: `${video.codec} is not played everywhere.` }
    const audio = sound && (await readAudioTrack(sound))
    const passed = sound && audio?.codec === 'aac' ? { track: audio, source: sound } : undefined
    const tracks = await makeUploadTracks({ track: video, source: picture }, passed)
    // In a file that is cut off it may not be found: then the pictures decide alone.
    const soundEnd = passed ? undefined : await sounds[0]?.computeDuration().catch(() => undefined)
    return { ...tracks, soundEnd }
  } catch (error) {
    if (error instanceof CannotBePassed) return { outcome: 'not-passable', reason: error.message }
    if (error instanceof UnsupportedInputFormatError)
      return { outcome: 'needs-remux', reason: 'Its container is not read here.' }
    return { outcome: 'needs-remux', reason: describeError(error) }
  }
}

/** Several are shown as in the source's description, or not at all when both readers count otherwise. */
async function findPicture(input: Input, wanted: TrackPlace | undefined) {
  if (!wanted || wanted.of < 2) return input.getPrimaryVideoTrack()
  const all = await input.getVideoTracks()
  return all.length === wanted.of ? all[wanted.nth] : undefined
}
