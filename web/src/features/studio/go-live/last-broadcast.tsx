/** How the last broadcast went: is everything recorded, and if not, what is missing and why. */
import { Alert, Anchor, Card, Group, List, Text, Title } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react'
import type { Broadcast } from '../../../../../src/delivery/contract/broadcasts.ts'
import { pages } from '../../../paths/paths.ts'
import { formatBytes } from '../../../ui/format-amount.ts'
import { formatAge, formatClock, formatDuration, formatDurationWords } from '../../../ui/format-time.ts'
import { LinkText } from '../../../ui/links.tsx'
import { useNow } from '../../../ui/use-now.ts'
import { encoderName, gapWords } from './words.ts'

export function LastBroadcast({ broadcast }: { readonly broadcast: Broadcast }) {
  const now = useNow(30_000)
  const { verdict, sessions } = broadcast
  return (
    <Card withBorder radius="lg" padding="lg" data-testid="last-broadcast" data-broadcast-id={broadcast.id}>
      <Text size="sm" c="dimmed">
        Last broadcast, ended {formatAge(broadcast.endedAt ?? broadcast.startedAt, now)}
      </Text>
      <Title order={2} size="h4" style={{ overflowWrap: 'anywhere' }}>
        <LinkText to={pages.watch} params={{ videoId: broadcast.videoId }} inherit>
          {broadcast.title}
        </LinkText>
      </Title>
      {verdict !== null && (
        <Alert
          mt="sm"
          color={verdict.complete ? 'pine' : 'orange'}
          icon={verdict.complete ? <IconCircleCheck aria-hidden /> : <IconAlertTriangle aria-hidden />}
          data-testid="verdict"
          data-complete={verdict.complete}
        >
          {verdict.summary}
        </Alert>
      )}
      {broadcast.gaps.length > 0 && (
        <List size="sm" mt="sm" data-testid="gaps">
          {broadcast.gaps.map((gap) => (
            <List.Item key={`${gap.startSeconds} ${gap.reason}`}>
              {gapWords(gap, formatDuration(gap.startSeconds), formatDurationWords(Math.max(gap.seconds, 1)))}
            </List.Item>
          ))}
        </List>
      )}
      <List size="sm" mt="sm" c="dimmed" aria-label="Connections" data-testid="sessions">
        {sessions.map((session) => (
          <List.Item key={session.id}>
            {formatClock(session.startedAt)}
            {session.endedAt !== null && ` to ${formatClock(session.endedAt)}`},{' '}
            {encoderName(session.encoder)}, {formatBytes(session.bytes)}
            {session.endingWords !== null && `: ${session.endingWords}`}
          </List.Item>
        ))}
      </List>
      <Group mt="sm">
        <Anchor size="sm" href={broadcast.recording.url} download data-testid="download-recording">
          Download the recording (FLV, {formatBytes(broadcast.recording.bytes)})
        </Anchor>
      </Group>
    </Card>
  )
}
