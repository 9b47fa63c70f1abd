/** One upload: how far, how fast, how long still; its title and visibility, editable all the while. */
import {
  ActionIcon,
  Alert,
  Button,
  Card,
  Group,
  Progress,
  Select,
  Stack,
  Text,
  TextInput,
  Tooltip,
} from '@mantine/core'
import { IconAlertTriangle, IconX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Visibility } from '../../../../../src/delivery/contract/videos.ts'
import { videoQuery } from '../../../api/videos.ts'
import { pages } from '../../../paths/paths.ts'
import { formatBytes } from '../../../ui/format-amount.ts'
import { formatDurationWords } from '../../../ui/format-time.ts'
import { LinkButton } from '../../../ui/links.tsx'
import { StateBadge } from '../../../ui/state-badge.tsx'
import { VISIBILITIES } from '../../../ui/video-state.ts'
import { bytesPerSecond, secondsLeft } from './upload-speed.ts'
import type { UploadItem, UploadStore } from './upload-store.ts'

export function UploadRow({ item, store }: { readonly item: UploadItem; readonly store: UploadStore }) {
  const [title, setTitle] = useState(item.title)
  const sent = item.samples.at(-1)?.bytes ?? 0
  const finished = item.state === 'done' || item.state === 'failed'
  return (
    <Card component="li" withBorder radius="lg" padding="md" data-testid="upload" data-state={item.state}>
      <Group wrap="nowrap" align="flex-start" gap="sm">
        <Group flex={1} gap="sm" align="flex-start">
          <TextInput
            aria-label={`Title of ${item.fileName}`}
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
            onBlur={() =>
              title.trim() !== '' && title !== item.title && store.edit(item.id, { title: title.trim() })
            }
            maxLength={200}
            flex="1 1 14rem"
            data-testid="upload-title"
          />
          <Select
            aria-label={`Who can watch ${item.fileName}`}
            data={VISIBILITIES.map(({ value, label }) => ({ value, label }))}
            value={item.visibility}
            onChange={(value) => value !== null && store.edit(item.id, { visibility: value as Visibility })}
            allowDeselect={false}
            w={125}
          />
        </Group>
        <Tooltip label={finished ? 'Take off the list' : 'Cancel'} withArrow>
          <ActionIcon
            size={36}
            variant="subtle"
            color="gray"
            onClick={() => store.remove(item.id)}
            aria-label={`${finished ? 'Take off the list' : 'Cancel'}: ${item.fileName}`}
            data-testid="upload-cancel"
          >
            <IconX size={18} />
          </ActionIcon>
        </Tooltip>
      </Group>
      {!finished && (
        <Progress
          mt="sm"
          value={(100 * sent) / item.size}
          animated={item.state === 'checking'}
          aria-label={`${item.fileName}: progress`}
        />
      )}
      {item.state !== 'failed' && (
        <Text size="sm" c="dimmed" mt={6} data-testid="upload-status">
          {item.fileName} · {statusWords(item)}
        </Text>
      )}
      {item.reason !== undefined && (
        <Alert
          mt="sm"
          color="red"
          icon={<IconAlertTriangle aria-hidden />}
          role="alert"
          title={item.state === 'failed' ? `${item.fileName} was not uploaded` : undefined}
          data-testid="upload-reason"
        >
          {item.reason}
          {item.state === 'failed' && (
            <div>
              <Button
                mt="xs"
                size="xs"
                variant="light"
                color="red"
                onClick={() => store.retry(item.id)}
                data-testid="upload-retry"
              >
                Try again
              </Button>
            </div>
          )}
        </Alert>
      )}
      {item.video !== undefined && <Made videoId={item.video.id} />}
    </Card>
  )
}

/** What becomes of it on the server, as the events tell. */
function Made({ videoId }: { readonly videoId: string }) {
  const { data: video } = useQuery(videoQuery(videoId))
  if (video === undefined) return null
  return (
    <Stack gap={6} mt="sm">
      {video.state === 'processing' && (
        <Progress
          size="sm"
          value={video.progress}
          color="indigo"
          aria-label="Processing"
          data-testid="upload-processing"
        />
      )}
      <Group gap="sm">
        <LinkButton
          to={pages.watch}
          params={{ videoId }}
          size="xs"
          variant="light"
          data-testid="upload-watch"
        >
          Open the page
        </LinkButton>
        <StateBadge video={video} size="md" />
        {video.failure !== null && (
          <Text size="sm" c={video.state === 'failed' ? 'red' : 'dimmed'}>
            {video.failure.detail}
          </Text>
        )}
      </Group>
    </Stack>
  )
}

function statusWords(item: UploadItem): string {
  if (item.state === 'waiting') return `${formatBytes(item.size)}, waiting for its turn`
  if (item.state === 'checking') return 'all sent; the server looks at it'
  if (item.state === 'done') return `${formatBytes(item.size)} uploaded`
  const sent = item.samples.at(-1)?.bytes ?? 0
  const [speed, left] = [bytesPerSecond(item.samples), secondsLeft(item.samples, item.size)]
  return [
    `${formatBytes(sent)} of ${formatBytes(item.size)}`,
    speed === undefined ? undefined : `${formatBytes(speed)}/s`,
    left === undefined ? undefined : `${formatDurationWords(Math.max(1, left))} left`,
  ]
    .filter((fact) => fact !== undefined)
    .join(' · ')
}
