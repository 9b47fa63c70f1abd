/** The kinds of jobs: how many wait, and stopping them. */
import { Badge, Button, Card, Group, SimpleGrid, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Queue } from '../../../../src/delivery/contract/jobs.ts'
import { jobKeys } from '../../api/job-keys.ts'
import { wordsFor } from '../../api/problem.ts'
import { kindWords, pauseQueue, queuesQuery, resumeQueue } from './jobs.ts'

/** What has something to do, or is stopped. */
export function Queues({ refreshMs }: { readonly refreshMs: number }) {
  const { data } = useQuery({ ...queuesQuery, refetchInterval: refreshMs })
  const shown = (data?.items ?? []).filter(
    ({ kind, paused, waiting, running }) =>
      kind === 'encode-chunk' || paused !== null || waiting > 0 || running > 0,
  )
  if (shown.length === 0) return null
  return (
    <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="xs" mb="lg" data-testid="queues">
      {shown.map((queue) => (
        <QueueCard key={queue.kind} queue={queue} />
      ))}
    </SimpleGrid>
  )
}

function QueueCard({ queue }: { readonly queue: Queue }) {
  const queryClient = useQueryClient()
  const { kind, paused, waiting, running, failed } = queue
  const change = useMutation({
    mutationFn: () => (paused ? resumeQueue(kind) : pauseQueue(kind)),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: jobKeys.all }),
    onError: (error) => notifications.show({ color: 'red', message: wordsFor(error) }),
  })
  const counts = [`${waiting} waiting`, `${running} running`, failed > 0 ? `${failed} failed` : undefined]
  return (
    <Card withBorder radius="md" padding="sm" data-testid={`queue-${kind}`} data-paused={paused !== null}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <div style={{ minWidth: 0 }}>
          <Group gap="xs">
            <Text size="sm" fw={600}>
              {kindWords(kind)}
            </Text>
            {paused && (
              <Badge color="orange" variant="light" radius="sm" tt="none">
                Paused
              </Badge>
            )}
          </Group>
          <Text size="sm" c="dimmed">
            {counts.filter((count) => count !== undefined).join(', ')}
          </Text>
        </div>
        <Button
          size="xs"
          variant="default"
          loading={change.isPending}
          onClick={() => change.mutate()}
          aria-label={`${paused ? 'Resume' : 'Pause'}: ${kindWords(kind)}`}
          data-testid="queue-toggle"
        >
          {paused ? 'Resume' : 'Pause'}
        </Button>
      </Group>
    </Card>
  )
}
