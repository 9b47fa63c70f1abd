/** What the pipeline does, waits for, and failed at; fresh every few seconds. */
import { Badge, Button, Card, Center, Chip, Code, Group, Progress, Spoiler, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconListCheck } from '@tabler/icons-react'
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { Job } from '../../../../src/delivery/contract/jobs.ts'
import { jobKeys } from '../../api/job-keys.ts'
import { wordsFor } from '../../api/problem.ts'
import { pages } from '../../paths/paths.ts'
import { formatAge, formatDurationWords } from '../../ui/format-time.ts'
import { LinkText } from '../../ui/links.tsx'
import { Page } from '../../ui/page.tsx'
import { Loading, Nothing, Trouble } from '../../ui/states.tsx'
import { useNow } from '../../ui/use-now.ts'
import {
  cancelJob,
  JOB_STATES,
  jobActions,
  jobStateOf,
  jobsQuery,
  kindWords,
  paceWords,
  retryJob,
} from './jobs.ts'
import classes from './jobs-page.module.css'
import { Queues } from './queues.tsx'

const route = getRouteApi(pages.adminJobs)
const REFRESH_MS = 2_500

export function JobsPage() {
  const state = jobStateOf(route.useSearch().state)
  const navigate = route.useNavigate()
  const jobs = useInfiniteQuery({ ...jobsQuery(state), refetchInterval: REFRESH_MS })
  const now = useNow(5_000)
  const items = jobs.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Page title="Jobs" lead="The newest first. The list follows by itself.">
      <Queues refreshMs={REFRESH_MS} />
      <Chip.Group
        value={state ?? 'all'}
        onChange={(value) => void navigate({ search: value === 'all' ? {} : { state: value as string } })}
      >
        <Group gap="xs" mb="md" role="group" aria-label="Filter by state">
          <Chip value="all">All</Chip>
          {JOB_STATES.map(({ value, label }) => (
            <Chip key={value} value={value} data-testid={`jobs-${value}`}>
              {label}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
      {jobs.isPending ? (
        <Loading />
      ) : jobs.isError && items.length === 0 ? (
        <Trouble error={jobs.error} onRetry={() => void jobs.refetch()} />
      ) : items.length === 0 ? (
        <Nothing icon={<IconListCheck size={32} aria-hidden />} title="No such jobs">
          Jobs appear when something is broadcast or uploaded.
        </Nothing>
      ) : (
        <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }} data-testid="jobs">
          {items.map((job) => (
            <Row key={job.id} job={job} now={now} />
          ))}
        </Stack>
      )}
      {jobs.hasNextPage && (
        <Center mt="md">
          <Button
            variant="default"
            loading={jobs.isFetchingNextPage}
            onClick={() => void jobs.fetchNextPage()}
            data-testid="more"
          >
            More jobs
          </Button>
        </Center>
      )}
    </Page>
  )
}

function Row({ job, now }: { readonly job: Job; readonly now: number }) {
  const queryClient = useQueryClient()
  const act = useMutation({
    mutationFn: (action: (id: string) => Promise<void>) => action(job.id),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: jobKeys.all }),
    onError: (error) => notifications.show({ color: 'red', message: wordsFor(error) }),
  })
  const words = JOB_STATES.find(({ value }) => value === job.state)
  const may = jobActions(job.state)
  return (
    <Card
      component="li"
      withBorder
      radius="md"
      padding="sm"
      data-testid="job"
      data-state={job.state}
      data-kind={job.kind}
    >
      <div className={classes.row}>
        <Badge color={words?.colour ?? 'gray'} variant="light" radius="sm" tt="none" data-testid="job-state">
          {words?.label ?? job.state}
        </Badge>
        <div className={classes.text}>
          <Text size="sm" fw={600}>
            {job.subject}{' '}
            <Text span c="dimmed" size="sm" fw={400}>
              {kindWords(job.kind)}
            </Text>
          </Text>
          <Text size="sm" c="dimmed" truncate>
            {job.videoId !== null && (
              <LinkText to={pages.watch} params={{ videoId: job.videoId }} inherit>
                {job.videoTitle ?? job.videoId}
              </LinkText>
            )}
            {job.videoId !== null && ' · '}
            {timingWords(job, now)}
          </Text>
          {job.percent !== null && (
            <Progress size="xs" my={4} value={job.percent} aria-label={`${job.subject}: progress`} />
          )}
          {job.why !== null && (
            <Text size="sm" c="dimmed" data-testid="job-why">
              {job.why}
            </Text>
          )}
          {job.reason !== null && (
            <Text size="sm" c={job.state === 'failed' ? 'red' : 'dimmed'} data-testid="job-reason">
              {job.reason}
            </Text>
          )}
          {job.log !== null && (
            <Spoiler maxHeight={0} showLabel="What ffmpeg said" hideLabel="Less" fz="sm">
              <Code block className={classes.log} data-testid="job-log">
                {job.log}
              </Code>
            </Spoiler>
          )}
        </div>
        <Group gap="xs" wrap="nowrap">
          {may.retry && (
            <Button
              size="xs"
              variant="default"
              loading={act.isPending}
              onClick={() => act.mutate(retryJob)}
              data-testid="job-retry"
            >
              Retry
            </Button>
          )}
          {may.cancel && (
            <Button
              size="xs"
              variant="subtle"
              color="red"
              loading={act.isPending}
              onClick={() => act.mutate(cancelJob)}
              data-testid="job-cancel"
            >
              Cancel
            </Button>
          )}
        </Group>
      </div>
    </Card>
  )
}

function timingWords(job: Job, now: number): string {
  const attempts = job.attempts > 1 ? `, attempt ${job.attempts}` : ''
  if (job.startedAt !== null && job.finishedAt !== null) {
    const took = (Date.parse(job.finishedAt) - Date.parse(job.startedAt)) / 1000
    return `${formatAge(job.finishedAt, now)}, took ${took < 10 ? `${Math.max(0, took).toFixed(1)} s` : formatDurationWords(took)}${attempts}`
  }
  if (job.startedAt === null) return `since ${formatAge(job.createdAt, now)}${attempts}`
  const pace = paceWords(job)
  return `started ${formatAge(job.startedAt, now)}${attempts}${pace === '' ? '' : `, ${pace}`}`
}
