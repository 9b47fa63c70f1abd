/** The workers there are: what they can do, how loaded they are, and taking one out of work. */
import { Badge, Button, Card, Group, Progress, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconServerBolt } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Worker } from '../../../../src/delivery/contract/workers.ts'
import { wordsFor } from '../../api/problem.ts'
import { formatBytes } from '../../ui/format-amount.ts'
import { formatAge } from '../../ui/format-time.ts'
import { Page } from '../../ui/page.tsx'
import { Loading, Nothing, Trouble } from '../../ui/states.tsx'
import { useNow } from '../../ui/use-now.ts'
import { drainWorker, loadShare, resumeWorker, WORKER_STATES, workersQuery } from './workers.ts'

const REFRESH_MS = 2_500

export function WorkersPage() {
  const workers = useQuery({ ...workersQuery, refetchInterval: REFRESH_MS })
  const now = useNow(5_000)
  const items = workers.data?.items ?? []
  return (
    <Page title="Workers" lead="They make every quality but the original. The list follows by itself.">
      {workers.isPending ? (
        <Loading />
      ) : workers.isError && items.length === 0 ? (
        <Trouble error={workers.error} onRetry={() => void workers.refetch()} />
      ) : items.length === 0 ? (
        <Nothing icon={<IconServerBolt size={32} aria-hidden />} title="No workers">
          Nothing is encoded until one runs: npx reprise serve --role worker.
        </Nothing>
      ) : (
        <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }} data-testid="workers">
          {items.map((worker) => (
            <Row key={worker.id} worker={worker} now={now} />
          ))}
        </Stack>
      )}
    </Page>
  )
}

function Row({ worker, now }: { readonly worker: Worker; readonly now: number }) {
  const queryClient = useQueryClient()
  const act = useMutation({
    mutationFn: (action: (id: string) => Promise<void>) => action(worker.id),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: workersQuery.queryKey }),
    onError: (error) => notifications.show({ color: 'red', message: wordsFor(error) }),
  })
  const { label, colour, words } = WORKER_STATES[worker.state]
  const share = loadShare(worker)
  return (
    <Card
      component="li"
      withBorder
      radius="md"
      padding="md"
      data-testid="worker"
      data-state={worker.state}
      data-id={worker.id}
    >
      <Group justify="space-between" gap="sm" align="flex-start">
        <div style={{ minWidth: 0, flex: '1 1 18rem' }}>
          <Group gap="xs">
            <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
              {worker.host}
            </Text>
            <Badge color={colour} variant="light" radius="sm" tt="none" data-testid="worker-state">
              {label}
            </Badge>
          </Group>
          <Text size="sm" c="dimmed">
            Process {worker.pid}, version {worker.version}, started {formatAge(worker.startedAt, now)}
            {worker.state === 'silent' && `, last heard of ${formatAge(worker.seenAt, now)}`}
          </Text>
          {worker.trouble !== null && (
            <Text size="sm" c="red" style={{ overflowWrap: 'anywhere' }} data-testid="worker-trouble">
              {worker.trouble}
            </Text>
          )}
          {words !== '' && <Text size="sm">{words}</Text>}
          {worker.state !== 'silent' && (
            <Text size="sm" mt={4} data-testid="worker-jobs">
              {worker.running === 1 ? '1 job' : `${worker.running} jobs`} now, encodes {worker.concurrency} at
              once
            </Text>
          )}
          <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {worker.encoders.join(', ')}; {formatBytes(worker.freeBytes)} free
          </Text>
        </div>
        <Stack gap="xs" style={{ flex: '0 1 11rem' }}>
          {worker.state !== 'silent' && (
            <div>
              <Text size="xs" c="dimmed">
                Load {worker.load.toFixed(1)} of {worker.processors} processors
              </Text>
              <Progress
                value={Math.min(100, share * 100)}
                color={share > 1.5 ? 'orange' : 'indigo'}
                size="sm"
                aria-label="Load of the machine"
              />
            </div>
          )}
          {(worker.state === 'working' || worker.state === 'drained') && (
            <Button
              size="xs"
              variant="default"
              loading={act.isPending}
              onClick={() => act.mutate(worker.drain ? resumeWorker : drainWorker)}
              data-testid={worker.drain ? 'resume' : 'drain'}
            >
              {worker.drain ? 'Resume' : 'Drain'}
            </Button>
          )}
        </Stack>
      </Group>
    </Card>
  )
}
