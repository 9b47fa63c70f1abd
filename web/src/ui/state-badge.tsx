/** A video's state as a badge. */
import { Badge } from '@mantine/core'
import type { Video } from '../../../src/delivery/contract/videos.ts'
import { type StateWords, videoStateWords } from './video-state.ts'

const COLOURS: Record<StateWords['tone'], string> = {
  live: 'live',
  busy: 'indigo',
  failed: 'red',
  quiet: 'gray',
}

export function StateBadge({
  video,
  size = 'sm',
}: {
  readonly video: Video
  readonly size?: 'sm' | 'md' | 'lg'
}) {
  const words = videoStateWords(video)
  if (words === undefined) return null
  return (
    <Badge
      color={COLOURS[words.tone]}
      variant={words.tone === 'live' ? 'filled' : 'light'}
      size={size}
      radius="sm"
      tt="none"
      data-testid="video-state"
      data-state={video.state}
    >
      {words.label}
    </Badge>
  )
}
