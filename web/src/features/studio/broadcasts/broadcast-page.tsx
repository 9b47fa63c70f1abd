/** One broadcast, for its creator: who was connected when, what is missing and why, and the verdict. */
import { Anchor, Card, Group, List, SimpleGrid, Stack, Text, Timeline, Title } from '@mantine/core'
import {
  IconBroadcast,
  IconClockPause,
  IconPlayerStop,
  IconPlugConnectedX,
  IconUnlink,
} from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { Broadcast } from '../../../../../src/delivery/contract/broadcasts.ts'
import { broadcastQuery } from '../../../api/broadcasts.ts'
import { pages } from '../../../paths/paths.ts'
import { formatBytes } from '../../../ui/format-amount.ts'
import { formatClock, formatDate, formatDuration, formatDurationWords } from '../../../ui/format-time.ts'
import { LinkButton } from '../../../ui/links.tsx'
import { Page } from '../../../ui/page.tsx'
import { Loading, Trouble } from '../../../ui/states.tsx'
import { useNow } from '../../../ui/use-now.ts'
import { gapWords } from '../go-live/words.ts'
import { BroadcastBar } from './broadcast-bar.tsx'
import { broadcastTimeline, type TimelineEntry } from './timeline.ts'
import { VerdictAlert } from './verdict-alert.tsx'

const route = getRouteApi(pages.broadcast)
const ICONS: Record<TimelineEntry['kind'], typeof IconBroadcast> = {
  connected: IconBroadcast,
  left: IconPlugConnectedX,
  away: IconUnlink,
  waiting: IconClockPause,
  ended: IconPlayerStop,
}
const COLOURS: Record<TimelineEntry['kind'], string> = {
  connected: 'pine',
  left: 'gray',
  away: 'orange',
  waiting: 'orange',
  ended: 'pine',
}

export function BroadcastPage() {
  const { broadcastId } = route.useParams()
  const { data: broadcast, error, refetch } = useQuery(broadcastQuery(broadcastId))
  if (broadcast !== undefined) return <Details broadcast={broadcast} />
  return (
    <Page title="Broadcast">
      {error === null ? <Loading /> : <Trouble error={error} onRetry={() => void refetch()} />}
    </Page>
  )
}

function Details({ broadcast }: { readonly broadcast: Broadcast }) {
  const now = useNow(5_000)
  const { verdict, gaps, recording } = broadcast
  return (
    <Page
      title={broadcast.title}
      lead={`${formatDate(broadcast.startedAt)}, ${formatDurationWords(lengthSeconds(broadcast, now))}. ${broadcast.endingWords ?? ''}`}
      size="md"
      actions={
        <LinkButton variant="default" to={pages.watch} params={{ videoId: broadcast.videoId }}>
          {broadcast.state === 'ended' ? 'Open the replay' : 'Open the page'}
        </LinkButton>
      }
    >
      <Stack gap="lg">
        {verdict !== null && <VerdictAlert verdict={verdict} />}
        <BroadcastBar broadcast={broadcast} now={now} />
        <SimpleGrid cols={{ base: 2, xs: 4 }}>
          <Figure
            name="Received"
            value={formatDuration(verdict?.receivedSeconds ?? recording.durationSeconds)}
          />
          <Figure name="Recorded" value={formatDuration(recording.durationSeconds)} />
          <Figure name="Size" value={formatBytes(recording.bytes)} />
          <Figure name="Connections" value={String(broadcast.sessions.length)} />
        </SimpleGrid>
        {gaps.length > 0 && (
          <Card withBorder radius="lg" padding="lg">
            <Title order={2} size="h4" mb="xs">
              What is missing
            </Title>
            <List size="sm" data-testid="gaps">
              {gaps.map((gap) => (
                <List.Item key={`${gap.startSeconds} ${gap.reason}`}>
                  {gapWords(
                    gap,
                    formatDuration(gap.startSeconds),
                    formatDurationWords(Math.max(gap.seconds, 1)),
                  )}
                </List.Item>
              ))}
            </List>
          </Card>
        )}
        <Card withBorder radius="lg" padding="lg">
          <Title order={2} size="h4" mb="md">
            What happened
          </Title>
          <History broadcast={broadcast} />
        </Card>
        <Group>
          <Anchor size="sm" href={recording.url} download data-testid="download-recording">
            Download the recording as it was received (FLV, {formatBytes(recording.bytes)})
          </Anchor>
        </Group>
      </Stack>
    </Page>
  )
}

function History({ broadcast }: { readonly broadcast: Broadcast }) {
  const entries = broadcastTimeline(broadcast)
  return (
    <Timeline bulletSize={26} lineWidth={2} active={entries.length} data-testid="timeline">
      {entries.map((entry) => {
        const Icon = ICONS[entry.kind]
        return (
          <Timeline.Item
            key={`${entry.at} ${entry.kind}`}
            bullet={<Icon size={14} aria-hidden />}
            color={COLOURS[entry.kind]}
            title={entry.title}
            data-testid="timeline-entry"
            data-kind={entry.kind}
          >
            <Text size="sm" c="dimmed">
              {entry.text}
            </Text>
            <Text size="xs" c="dimmed" mt={2}>
              {formatClock(entry.at)}
            </Text>
          </Timeline.Item>
        )
      })}
    </Timeline>
  )
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {name}
      </Text>
      <Text fw={650}>{value}</Text>
    </div>
  )
}

const lengthSeconds = ({ startedAt, endedAt }: Broadcast, nowMs: number) =>
  ((endedAt === null ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt)) / 1000
