/** Broadcasts before the last one, each with its page of what happened. */
import { Card, Stack, Text, Title } from '@mantine/core'
import type { Broadcast } from '../../../../../src/delivery/contract/broadcasts.ts'
import { pages } from '../../../paths/paths.ts'
import { formatAge, formatDuration } from '../../../ui/format-time.ts'
import { LinkText } from '../../../ui/links.tsx'

interface EarlierBroadcastsProps {
  readonly broadcasts: readonly Broadcast[]
  readonly now: number
}

export function EarlierBroadcasts({ broadcasts, now }: EarlierBroadcastsProps) {
  return (
    <Card withBorder radius="lg" padding="lg" data-testid="earlier-broadcasts">
      <Title order={2} size="h4" mb="xs">
        Earlier broadcasts
      </Title>
      <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }}>
        {broadcasts.map((broadcast) => (
          <li key={broadcast.id}>
            <LinkText to={pages.broadcast} params={{ broadcastId: broadcast.id }} size="sm">
              {broadcast.title}
            </LinkText>
            <Text size="xs" c={broadcast.verdict?.complete === false ? 'orange' : 'dimmed'}>
              {formatAge(broadcast.startedAt, now)}, {formatDuration(broadcast.recording.durationSeconds)}
              {broadcast.verdict?.complete === false && ', something is missing'}
            </Text>
          </li>
        ))}
      </Stack>
    </Card>
  )
}
