/** How the last broadcast went: is everything recorded, and if not, what is missing and why. */
import { Alert, Anchor, Card, Group, Stack, Text, Title } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { Broadcast } from '../../../../../src/delivery/contract/broadcasts.ts'
import { pages } from '../../../paths/paths.ts'
import { formatBytes } from '../../../ui/format-amount.ts'
import { formatAge } from '../../../ui/format-time.ts'
import { LinkText } from '../../../ui/links.tsx'
import { useNow } from '../../../ui/use-now.ts'
import { BroadcastBar } from '../broadcasts/broadcast-bar.tsx'
import { VerdictAlert } from '../broadcasts/verdict-alert.tsx'
import { WORDS } from './words.ts'

export function LastBroadcast({ broadcast }: { readonly broadcast: Broadcast }) {
  const now = useNow(30_000)
  const { verdict } = broadcast
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
      <Text size="sm" c="dimmed" data-testid="ending">
        {broadcast.endingWords}
      </Text>
      {broadcast.encoderUnheard && (
        <Alert mt="sm" color="orange" icon={<IconAlertTriangle aria-hidden />} data-testid="encoder-unheard">
          {WORDS.unheard}
        </Alert>
      )}
      <Stack gap="sm" mt="sm">
        {verdict !== null && <VerdictAlert verdict={verdict} />}
        <BroadcastBar broadcast={broadcast} now={now} />
      </Stack>
      <Group mt="sm">
        <LinkText
          to={pages.broadcast}
          params={{ broadcastId: broadcast.id }}
          size="sm"
          data-testid="broadcast-details"
        >
          What happened, in detail
        </LinkText>
        <Anchor size="sm" href={broadcast.recording.url} download data-testid="download-recording">
          Download the recording (FLV, {formatBytes(broadcast.recording.bytes)})
        </Anchor>
      </Group>
    </Card>
  )
}
