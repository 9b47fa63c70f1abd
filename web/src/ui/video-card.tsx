/** One video in a grid: the whole card is a link to its page. */
import { Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Video } from '../../../src/delivery/contract/videos.ts'
import { pages } from '../paths/paths.ts'
import { formatAge } from './format-time.ts'
import { useMovingPreview } from './use-moving-preview.ts'
import classes from './video-card.module.css'
import { VideoPicture } from './video-picture.tsx'

export function VideoCard({
  video,
  now,
  eager = false,
}: {
  readonly video: Video
  readonly now: number
  readonly eager?: boolean
}) {
  const { moving, handlers } = useMovingPreview()
  return (
    <article
      {...handlers}
      className={classes.card}
      data-testid="video-card"
      data-video-id={video.id}
      data-state={video.state}
    >
      <VideoPicture video={video} eager={eager} moving={moving} />
      <Text component="h2" fw={600} size="md" lineClamp={2} mt={10} lh={1.35} className={classes.title ?? ''}>
        <Link to={pages.watch} params={{ videoId: video.id }} className={classes.link}>
          {video.title}
        </Link>
      </Text>
      <Text size="sm" c="dimmed">
        {video.channel.name} ·{' '}
        {video.state === 'live'
          ? `started ${formatAge(video.publishedAt, now)}`
          : formatAge(video.publishedAt, now)}
      </Text>
    </article>
  )
}
