/** The library's texts, and the orders it can be in. */
import type { VideoQuery } from '../../../../src/delivery/contract/videos.ts'

export const WORDS = {
  title: 'Library',
  found: (q: string) => `Videos for “${q}”`,
  nothingFound: 'No video fits',
  nothingFoundAdvice: 'Try fewer or other words, or remove a filter.',
  nothingYet: 'No videos yet',
  firstSteps:
    'Start a broadcast from OBS or ffmpeg: it can be watched here from its first second while it is on air, and stays as a replay. Or upload a file.',
  firstStepsSignedOut:
    'Broadcasts show up here as soon as they start. Creators sign in to get a stream key, then publish with OBS, or with ffmpeg:',
}

export const SORTS = [
  { value: 'newest', label: 'Newest first' },
  { value: 'oldest', label: 'Oldest first' },
  { value: 'title', label: 'By title' },
  { value: 'longest', label: 'Longest first' },
] as const satisfies readonly { value: VideoQuery['sort']; label: string }[]

/** Addresses are typed by people: an unknown order is the usual one. */
export function sortOf(text: string | undefined): VideoQuery['sort'] {
  return SORTS.find(({ value }) => value === text)?.value ?? 'newest'
}
