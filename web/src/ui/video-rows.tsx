/** Videos in rows, with what may be done to each: the studio's and the admin's list. */
import { ActionIcon, Button, Card, Center, Group, Stack, Text, Tooltip } from '@mantine/core'
import { IconPencil, IconTrash } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import type { Video } from '../../../src/delivery/contract/videos.ts'
import { type VideoListQuery, videosQuery } from '../api/videos.ts'
import { pages } from '../paths/paths.ts'
import { formatAge } from './format-time.ts'
import { LinkText } from './links.tsx'
import { StateBadge } from './state-badge.tsx'
import { Loading, Trouble } from './states.tsx'
import { useNow } from './use-now.ts'
import { DeleteVideoDialog, EditVideoDialog } from './video-dialogs.tsx'
import { VideoPicture } from './video-picture.tsx'
import classes from './video-rows.module.css'

interface VideoRowsProps {
  readonly query: VideoListQuery
  readonly empty: ReactNode
  readonly showChannel?: boolean
}

export function VideoRows({ query, empty, showChannel = false }: VideoRowsProps) {
  const videos = useInfiniteQuery(videosQuery(query))
  const now = useNow(30_000)
  const [editing, setEditing] = useState<Video | null>(null)
  const [deleting, setDeleting] = useState<Video | null>(null)
  const items = videos.data?.pages.flatMap((page) => page.items) ?? []
  if (videos.isPending) return <Loading />
  if (videos.isError && items.length === 0)
    return <Trouble error={videos.error} onRetry={() => void videos.refetch()} />
  if (items.length === 0) return empty
  return (
    <Stack>
      <Stack component="ul" gap="sm" p={0} m={0} style={{ listStyle: 'none' }} data-testid="video-rows">
        {items.map((video) => (
          <Row
            key={video.id}
            video={video}
            now={now}
            showChannel={showChannel}
            onEdit={() => setEditing(video)}
            onDelete={() => setDeleting(video)}
          />
        ))}
      </Stack>
      {videos.hasNextPage && (
        <Center>
          <Button
            variant="default"
            loading={videos.isFetchingNextPage}
            onClick={() => void videos.fetchNextPage()}
            data-testid="more"
          >
            More videos
          </Button>
        </Center>
      )}
      <EditVideoDialog video={editing} onClose={() => setEditing(null)} />
      <DeleteVideoDialog video={deleting} onClose={() => setDeleting(null)} />
    </Stack>
  )
}

interface RowProps {
  readonly video: Video
  readonly now: number
  readonly showChannel: boolean
  readonly onEdit: () => void
  readonly onDelete: () => void
}

function Row({ video, now, showChannel, onEdit, onDelete }: RowProps) {
  return (
    <Card
      component="li"
      withBorder
      radius="lg"
      padding="sm"
      data-testid="video-row"
      data-video-id={video.id}
      data-state={video.state}
    >
      <div className={classes.row}>
        <Link
          to={pages.watch}
          params={{ videoId: video.id }}
          className={classes.picture}
          tabIndex={-1}
          aria-hidden
        >
          <VideoPicture video={video} showState={false} />
        </Link>
        <div className={classes.text}>
          <Group gap="xs">
            <LinkText
              to={pages.watch}
              params={{ videoId: video.id }}
              fw={600}
              c="var(--mantine-color-text)"
              lineClamp={2}
              className={classes.title ?? ''}
            >
              {video.title}
            </LinkText>
            <StateBadge video={video} />
          </Group>
          <Text size="sm" c="dimmed">
            {[
              showChannel ? video.channel.name : undefined,
              video.origin === 'broadcast' ? 'Broadcast' : 'Upload',
              video.visibility === 'public'
                ? 'Public'
                : video.visibility === 'unlisted'
                  ? 'Unlisted'
                  : 'Private',
              formatAge(video.createdAt, now),
            ]
              .filter((fact) => fact !== undefined)
              .join(' · ')}
          </Text>
          {video.failure !== null && (
            <Text size="sm" c={video.state === 'failed' ? 'red' : 'dimmed'}>
              {video.failure.detail}
            </Text>
          )}
        </div>
        <Group gap={4} wrap="nowrap">
          {video.permissions.edit && (
            <Tooltip label="Edit" withArrow>
              <ActionIcon
                size="lg"
                variant="subtle"
                color="gray"
                onClick={onEdit}
                aria-label={`Edit ${video.title}`}
                data-testid="row-edit"
              >
                <IconPencil size={18} />
              </ActionIcon>
            </Tooltip>
          )}
          {video.permissions.delete && (
            <Tooltip label="Delete" withArrow>
              <ActionIcon
                size="lg"
                variant="subtle"
                color="red"
                onClick={onDelete}
                aria-label={`Delete ${video.title}`}
                data-testid="row-delete"
              >
                <IconTrash size={18} />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
      </div>
    </Card>
  )
}
