/** A broadcast on air: what is received, for how long, warnings, and ending it. */
import { Alert, Badge, Button, Card, Group, Stack, Text, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconAlertTriangle, IconPlayerStop, IconPlugConnectedX } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { Broadcast } from '../../../../../src/delivery/contract/broadcasts.ts'
import { broadcastKeys, broadcastQuery, endBroadcast } from '../../../api/broadcasts.ts'
import { pages } from '../../../paths/paths.ts'
import { ConfirmDialog } from '../../../ui/confirm-dialog.tsx'
import { formatBytes } from '../../../ui/format-amount.ts'
import { formatDuration, formatDurationWords } from '../../../ui/format-time.ts'
import { LinkButton } from '../../../ui/links.tsx'
import { useNow } from '../../../ui/use-now.ts'
import { HealthChart } from './health-chart.tsx'
import { HealthFigures } from './health-figures.tsx'
import { Preview } from './preview.tsx'
import { healthWords, WORDS } from './words.ts'

export function OffAir() {
  return (
    <Card withBorder radius="lg" padding="lg" data-testid="off-air">
      <Title order={2} size="h4">
        {WORDS.offAir}
      </Title>
      <Text c="dimmed" mt={4}>
        {WORDS.offAirAdvice}
      </Text>
    </Card>
  )
}

/** `listed`: as the list had it; the events about this one are newer. */
export function OnAir({ listed }: { readonly listed: Broadcast }) {
  const { data: broadcast = listed } = useQuery({ ...broadcastQuery(listed.id), placeholderData: listed })
  const queryClient = useQueryClient()
  const now = useNow(1000)
  const [ending, { open, close }] = useDisclosure(false)
  const end = async () => {
    await endBroadcast(broadcast.id)
    await queryClient.invalidateQueries({ queryKey: broadcastKeys.all })
  }
  const interrupted = broadcast.state === 'interrupted'
  return (
    <Card
      withBorder
      radius="lg"
      padding="lg"
      data-testid="on-air"
      data-state={broadcast.state}
      data-broadcast-id={broadcast.id}
    >
      <Group justify="space-between" mb="xs">
        <Badge size="lg" radius="sm" variant="filled" color={interrupted ? 'orange' : 'live'}>
          {interrupted ? 'Interrupted' : 'On air'}
        </Badge>
        <Text fw={600} ff="monospace" aria-label="Time on air" data-testid="time-on-air">
          {formatDuration((now - Date.parse(broadcast.startedAt)) / 1000)}
        </Text>
      </Group>
      <Title order={2} size="h4" style={{ overflowWrap: 'anywhere' }}>
        {broadcast.title}
      </Title>
      <Stack gap="sm" mt="xs">
        {interrupted ? (
          <Alert
            color="orange"
            icon={<IconPlugConnectedX aria-hidden />}
            title="The encoder’s connection was lost"
          >
            Start streaming again and the broadcast goes on.
            {broadcast.graceUntil !== null &&
              ` Otherwise it ends in ${formatDurationWords((Date.parse(broadcast.graceUntil) - now) / 1000)}.`}
          </Alert>
        ) : (
          <Text data-testid="health">{healthWords(broadcast.health)}</Text>
        )}
        {broadcast.health?.warnings.map((warning) => (
          <Alert
            key={warning}
            color="orange"
            icon={<IconAlertTriangle aria-hidden />}
            data-testid="health-warning"
          >
            {warning}
          </Alert>
        ))}
        {broadcast.health !== null && <HealthFigures health={broadcast.health} />}
        <HealthChart broadcast={broadcast} now={now} />
        <Preview videoId={broadcast.videoId} />
        <Text size="sm" c="dimmed">
          Recorded: {formatDuration(broadcast.recording.durationSeconds)},{' '}
          {formatBytes(broadcast.recording.bytes)}
          {broadcast.sessions.length > 1 && `, in ${broadcast.sessions.length} connections`}
        </Text>
        <Group mt="xs">
          <LinkButton to={pages.watch} params={{ videoId: broadcast.videoId }} data-testid="watch-live">
            Open the page
          </LinkButton>
          <LinkButton
            variant="default"
            to={pages.broadcast}
            params={{ broadcastId: broadcast.id }}
            data-testid="broadcast-details"
          >
            Details
          </LinkButton>
          <Button
            variant="light"
            color="red"
            leftSection={<IconPlayerStop size={17} aria-hidden />}
            onClick={open}
            data-testid="end-broadcast"
          >
            End broadcast
          </Button>
        </Group>
      </Stack>
      <ConfirmDialog
        opened={ending}
        onClose={close}
        title="End this broadcast?"
        action="End broadcast"
        onConfirm={end}
      >
        {WORDS.end}
      </ConfirmDialog>
    </Card>
  )
}
