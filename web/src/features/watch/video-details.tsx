/** Below the picture: what it is, whose, and what can be done with it. */
import { Badge, Button, Divider, Group, Kbd, Spoiler, Stack, Text, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconKeyboard, IconPencil } from '@tabler/icons-react'
import { type RefObject, useState } from 'react'
import type { Video } from '../../../../src/delivery/contract/videos.ts'
import { pages } from '../../paths/paths.ts'
import type { PlayerHandle } from '../../player/make-player.ts'
import { SHORTCUT_HELP } from '../../player/shortcuts.ts'
import { formatAge, formatDate } from '../../ui/format-time.ts'
import { LinkText } from '../../ui/links.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import { useNow } from '../../ui/use-now.ts'
import { EditVideoDialog } from '../../ui/video-dialogs.tsx'
import { RenditionList } from './rendition-list.tsx'
import { ShareButton } from './share-button.tsx'
import classes from './watch-page.module.css'
import { WORDS } from './words.ts'

interface VideoDetailsProps {
  readonly video: Video
  readonly player: RefObject<PlayerHandle | null>
}

export function VideoDetails({ video, player }: VideoDetailsProps) {
  const now = useNow(30_000)
  const [editing, setEditing] = useState<Video | null>(null)
  const [wasLive] = useState(video.state === 'live')
  const [help, { toggle }] = useDisclosure(false)
  return (
    <div className={classes.details}>
      <Group justify="space-between" align="flex-start" gap="md">
        <div style={{ flex: '1 1 20rem', minWidth: 0 }}>
          <Group gap="sm">
            <Title order={1} size="h3" style={{ overflowWrap: 'anywhere' }} data-testid="video-title">
              {video.title}
            </Title>
            <StateBadge video={video} />
          </Group>
          <Text c="dimmed" size="sm" mt={4}>
            <LinkText
              to={pages.library}
              search={{ channel: video.channel.handle }}
              inherit
              fw={600}
              c="var(--mantine-color-text)"
            >
              {video.channel.name}
            </LinkText>
            {' · '}
            <time dateTime={video.publishedAt} title={formatDate(video.publishedAt)}>
              {video.state === 'live'
                ? `started ${formatAge(video.publishedAt, now)}`
                : formatDate(video.publishedAt)}
            </time>
          </Text>
        </div>
        <Group gap="xs">
          <ShareButton videoId={video.id} seconds={() => player.current?.seconds() ?? 0} />
          {video.permissions.edit && (
            <Button
              variant="default"
              leftSection={<IconPencil size={17} aria-hidden />}
              onClick={() => setEditing(video)}
              data-testid="edit-video"
            >
              Edit
            </Button>
          )}
          <Button
            variant="subtle"
            color="gray"
            px="xs"
            onClick={toggle}
            aria-expanded={help}
            aria-label="Keyboard shortcuts"
            visibleFrom="sm"
            data-testid="shortcuts"
          >
            <IconKeyboard size={20} aria-hidden />
          </Button>
        </Group>
      </Group>
      {wasLive && video.state !== 'live' && (
        <Text role="status" mt="sm" size="sm" data-testid="ended">
          {WORDS.ended}
        </Text>
      )}
      {help && <Shortcuts />}
      <Stack gap="md" mt="md">
        {video.description !== '' && (
          <Spoiler maxHeight={120} showLabel="Show more" hideLabel="Show less">
            <Text className={classes.description ?? ''}>{video.description}</Text>
          </Spoiler>
        )}
        {video.tags.length > 0 && (
          <Group gap="xs">
            {video.tags.map((tag) => (
              <LinkText key={tag} to={pages.library} search={{ tag }}>
                <Badge variant="light" tt="none" size="lg" style={{ cursor: 'pointer' }}>
                  #{tag}
                </Badge>
              </LinkText>
            ))}
          </Group>
        )}
        {(video.state === 'processing' || video.permissions.edit) && video.renditions.length > 0 && (
          <>
            <Divider />
            <RenditionList video={video} />
          </>
        )}
      </Stack>
      <EditVideoDialog video={editing} onClose={() => setEditing(null)} />
    </div>
  )
}

function Shortcuts() {
  return (
    <Group
      component="ul"
      gap="lg"
      mt="md"
      p={0}
      style={{ listStyle: 'none' }}
      aria-label="Keyboard shortcuts"
    >
      {SHORTCUT_HELP.map(([keys, what]) => (
        <Text component="li" size="sm" key={keys}>
          <Kbd>{keys}</Kbd> {what}
        </Text>
      ))}
    </Group>
  )
}
