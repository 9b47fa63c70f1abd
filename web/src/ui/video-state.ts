/** A video's state in words. */
import type { Video } from '../../../src/delivery/contract/videos.ts'

export interface StateWords {
  readonly label: string
  readonly tone: 'live' | 'busy' | 'failed' | 'quiet'
}

/** Undefined for a video with nothing to say about: ready, and public. */
export function videoStateWords(
  video: Pick<Video, 'state' | 'progress' | 'playable' | 'visibility'>,
): StateWords | undefined {
  if (video.state === 'live') return { label: 'LIVE', tone: 'live' }
  if (video.state === 'failed') return { label: 'Failed', tone: 'failed' }
  if (video.state === 'processing') {
    const percent = `${Math.floor(video.progress)} %`
    return { label: video.playable ? `More qualities: ${percent}` : `Processing: ${percent}`, tone: 'busy' }
  }
  if (video.visibility === 'private') return { label: 'Private', tone: 'quiet' }
  if (video.visibility === 'unlisted') return { label: 'Unlisted', tone: 'quiet' }
  return undefined
}

export const VISIBILITIES = [
  { value: 'public', label: 'Public', hint: 'Everybody can find and watch it.' },
  { value: 'unlisted', label: 'Unlisted', hint: 'Whoever has the link can watch it.' },
  { value: 'private', label: 'Private', hint: 'Only you can watch it.' },
] as const
